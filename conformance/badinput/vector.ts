/** A vector of badinput.json: what a hostile client does to a todo list, and what may come of it. */
export interface Vector {
  readonly name: string
  readonly transport: string
  readonly category: string
  readonly request: BadRequest
  readonly expect: Expected
}

export interface Expected {
  /** Any of them; only of HTTP. */
  readonly status?: readonly number[]
  /** Any of these classes of codes. */
  readonly code?: readonly string[]
  /** Prose. */
  readonly invariant?: string
}

/** Words of all transports: each reads its own. */
export interface BadRequest extends HttpWords, SocketWords, SocketIoWords {
  /** Whose token is sent; none = `anon`. */
  readonly as?: string
  /** So often at once; the worst answer counts. */
  readonly repeat?: number
}

interface HttpWords {
  readonly method?: string
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
  readonly rawBody?: string
  readonly bodyHex?: string
  readonly bodyGen?: Generator
  /** The client goes after so many bytes of the body. */
  readonly abortAfterBytes?: number
  /** Bytes of a connection; `rawGen` describes them in prose. */
  readonly raw?: string
  readonly rawHex?: string
  readonly rawGen?: string
}

interface SocketWords {
  readonly send?: readonly Readonly<Record<string, unknown>>[]
  readonly sendText?: string
  readonly sendHex?: string
  readonly sendTextHex?: string
  readonly sendGen?: string
  readonly rawFrameHex?: string
  readonly behaviour?: string
  readonly connections?: number
  readonly waitMs?: number
  readonly then?: string
}

interface SocketIoWords {
  readonly emit?: readonly [unknown, ...unknown[]]
  readonly ack?: boolean
  readonly rawPacket?: string
  readonly rawPacketGen?: string
  readonly httpPolling?: string
  readonly connect?: {
    readonly path?: string
    readonly query?: string
    readonly auth?: unknown
    readonly transport?: string
    readonly headers?: Readonly<Record<string, string>>
    readonly headersGen?: string
  }
}

/** Text that is too long to write down. */
export interface Generator {
  readonly prefix?: string
  readonly repeat?: string
  readonly template?: string
  readonly n?: number
  readonly join?: string
  readonly mid?: string
  readonly then?: Generator
  readonly suffix?: string
  readonly gzipOf?: Generator
}

const set = (words: string): ReadonlySet<string> => new Set(words.split(' '))

type Place = 'vector' | 'expect' | 'generator' | 'connect' | 'http' | 'ws' | 'socketio'

/** The words that are read, by where they stand; those of a request by transport. */
export const words: Readonly<Record<Place, ReadonlySet<string>>> = {
  vector: set('name transport category request expect'),
  expect: set('status code invariant'),
  generator: set('prefix repeat template n join mid then suffix gzipOf'),
  connect: set('path query auth transport headers headersGen'),
  http: set('as repeat method path headers body rawBody bodyHex bodyGen abortAfterBytes raw rawHex rawGen'),
  ws: set('as repeat send sendText sendHex sendTextHex sendGen rawFrameHex behaviour connections waitMs then connect'),
  socketio: set('as repeat emit ack rawPacket rawPacketGen sendGen httpPolling connect then waitMs'),
}

/** What came of a vector: codes, and everything that was heard. */
export interface Came {
  readonly codes: readonly string[]
  readonly text: string
}
