import { ApiError } from '../../protocol/error.ts'
import type { Standing } from '../../auth/principal.ts'
import { deprecationHeaders } from '../../engine/rules/deprecation.ts'
import { patchesOf } from '../../live/changed-members.ts'
import { closed, type Live } from '../../live/live.ts'
import type { Kind } from '../../live/subscriptions/source.ts'
import { modeOf, waitsOf } from '../subscription-options.ts'
import type { Exchange, FieldLines } from '../http/exchange.ts'
import type { Face } from '../http/face.ts'
import { complete } from '../http/response/send.ts'
import type { HttpCall } from '../http/http-call.ts'
import { readParameters, type Parameter } from '../http/request/parameters.ts'
import { readPreferences } from '../http/request/prefer.ts'
import { readLiveQuery } from '../http/request/read-query.ts'
import type { CollectionEndpoint, ItemEndpoint } from '../http/endpoint.ts'
import type { Teller } from '../socket/dialect.ts'
import { EVENT_STREAM } from './accept.ts'
import { streamedRows } from './frames.ts'
import { SseStream, type Carried } from './stream.ts'

/**
 * Answers `GET` of a readable URI with a stream (WHATWG HTML §9.2): first the current rows, then every commit that changes
 * them. `Last-Event-ID`, or `since` in the URI, resumes. HEAD gets only the header fields.
 */
export async function sendStream(
  face: Face,
  live: Live,
  call: HttpCall,
  endpoint: CollectionEndpoint | ItemEndpoint,
): Promise<void> {
  const { exchange } = call
  const { engine } = face
  const words = liveWords(call, readParameters(exchange.query, engine.limits.parameters))
  const preferences = readPreferences(exchange.prefer)
  const waits = words.waits || (preferences.waitsForRow && call.operation === 'get')
  if (words.min !== null) await live.awaitPosition(words.min, { parameter: 'min-position' })
  readLiveQuery(engine, call, words.rest)
  const fields = (): FieldLines => [...streamFields(face, exchange), ...deprecationHeaders(endpoint.resource).flat()]
  if (exchange.method === 'HEAD') {
    // HEAD must be refused if GET would be. Reading one row is enough to find out.
    if (call.query) call.query = { ...call.query, limit: 1 }
    const outcome = await engine.handle(call)
    if (outcome.kind === 'failure' && !(waits && outcome.error.code === 'not_found')) throw outcome.error
    return exchange.send(200, fields(), null)
  }
  const showsId = call.shape.fields?.includes(endpoint.resource.id.name) ?? true
  const since = exchange.header('last-event-id') ?? words.since
  const patches = preferences.patches ? patchesOf(call.shape) : null
  await followAsStream(face, live, exchange, {
    fields,
    teller: streamedRows(live.terms, { showsId, reader: call.principal, patches }),
    // If the rights of the reader change, the subscription itself tells the difference.
    begin: (stream, standing) => live.subscribe(call, stream, { since, mode: words.mode, standing, waits }),
  })
}

/** What a stream tells, and how. */
export interface Streamed<K extends Kind> {
  readonly fields: () => FieldLines
  readonly teller: Teller<K>
  begin(stream: SseStream<K>, standing: Standing | null): Promise<Carried>
  /** Called when the reader's rights have changed. */
  changed?(stream: SseStream<K>): void
}

/** Answers with a stream. It ends with the token or session of its reader, and when the Api closes. */
export async function followAsStream<K extends Kind>(
  { engine }: Face,
  live: Live,
  exchange: Exchange,
  streamed: Streamed<K>,
): Promise<void> {
  const { auth, limits } = engine
  const { teller } = streamed
  const stream = new SseStream({ live, limits, teller, open: () => exchange.open(200, streamed.fields()) })
  const identity = (await auth?.identify(exchange)) ?? null
  stream.who = identity?.principal.id ?? null
  stream.carry(await streamed.begin(stream, identity && auth!.standing(identity)))
  if (stream.isClosed) return
  const { mailbox } = stream
  const connected = {
    principal: identity?.principal ?? null,
    credentials: exchange,
    session: (identity && auth!.sessionOf(identity)?.id) ?? null,
    subscriptions: { size: 1 },
    mailbox,
  }
  live.connections.set(connected, engine.clock())
  const end = (): void => stream.end(closed())
  live.closing.addEventListener('abort', end, { once: true })
  const unwatch =
    identity &&
    auth?.watch(identity, what => {
      if (what.kind === 'changed') streamed.changed?.(stream)
      else stream.end(new ApiError(what.kind === 'expired' ? 'token_expired' : 'unauthenticated'))
    })
  stream.onClosed = () => {
    live.connections.delete(connected)
    live.closing.removeEventListener('abort', end)
    unwatch?.()
  }
}

/** The header fields of a stream: nothing on the way may store or delay it. */
export function streamFields(face: Face, exchange: Exchange): FieldLines {
  const fields = ['content-type', EVENT_STREAM, 'cache-control', 'no-store', 'x-accel-buffering', 'no']
  complete(face, exchange, fields)
  return fields
}

/** The words of the URI that belong to the stream, unless the resource has fields of these names. */
interface LiveWords {
  readonly since: string | null
  /** The position that must have been reached. Browsers cannot send header fields with an EventSource. */
  readonly min: string | null
  readonly mode: ReturnType<typeof modeOf>
  /** Whether a single row need not be there yet. */
  readonly waits: boolean
  readonly rest: readonly Parameter[]
}

function liveWords(call: HttpCall, parameters: readonly Parameter[]): LiveWords {
  const take = (word: string): string | null => {
    if (call.resource.field.has(word)) return null
    const found = parameters.filter(([name]) => name === word)
    if (found.length < 2) return found[0]?.[1] ?? null
    throw new ApiError('validation', {
      issues: [{ parameter: word, code: 'duplicate', detail: 'may be given once' }],
    })
  }
  const mode = take('mode')
  // A list is never absent.
  const words = ['since', 'mode', 'min-position', ...(call.operation === 'get' ? ['absent'] : [])]
  return {
    min: take('min-position'),
    since: take('since'),
    waits: words.includes('absent') && waitsOf(take('absent') ?? undefined, { parameter: 'absent' }),
    mode: modeOf(mode !== null && /^[0-9]+$/.test(mode) ? Number(mode) : (mode ?? undefined), { parameter: 'mode' }),
    rest: parameters.filter(([name]) => !words.includes(name) || call.resource.field.has(name)),
  }
}
