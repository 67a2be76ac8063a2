import type { Problem } from './error.ts'

/** The WebSocket subprotocol of these messages (docs/protocol.md §8). */
export const SUBPROTOCOL = 'restuary.1'

/** Identifies a request on its connection. The client chooses it. */
export type RequestId = number | string

/** The parameters of a query: the same as in a URI, but as JSON. */
export interface QueryWords {
  readonly filter?: unknown
  readonly sort?: string | readonly string[]
  readonly limit?: number
  readonly offset?: number
  readonly cursor?: string
  readonly total?: boolean
  readonly depth?: number
  readonly include?: readonly string[]
  readonly fields?: readonly string[]
  /** The earlier position to read (protocol §5.3); not in subscriptions. */
  readonly at?: string
}

/** What all requests have in common. */
interface Request {
  readonly id: RequestId
  /** The URI of a list or a row. The leading slash may be missing, and it may have a query. */
  readonly uri: string
  /** The query, if the URI has none. */
  readonly params?: QueryWords
  /** The position that the server must have reached before it answers. */
  readonly min?: string
}

/** A message from a client. */
export type ClientFrame = AuthFrame | CallFrame | BatchFrame | SubscribeFrame | UnsubscribeFrame | PingFrame

/** Logs in on an open connection, with a token or a ticket. */
export interface AuthFrame {
  readonly op: 'auth'
  readonly id: RequestId
  readonly token?: string
  readonly ticket?: string
}

/** Reads, writes, or calls an action. */
export interface CallFrame extends Request {
  readonly op: 'list' | 'get' | 'create' | 'replace' | 'patch' | 'delete' | 'act'
  /** The body. For a patch, an array is a JSON Patch and an object is a merge patch. */
  readonly data?: unknown
  /** Entity tags without quotes, or `*`. */
  readonly ifMatch?: string | readonly string[]
  readonly ifNoneMatch?: string | readonly string[]
  /** Idempotency key: a write that is sent twice with the same key happens once. */
  readonly key?: string
  /** The method, if the action has several. */
  readonly method?: string
}

/** Several calls in one transaction, all or nothing. */
export interface BatchFrame {
  readonly op: 'batch'
  readonly id: RequestId
  /**
   * At most 100 calls as over HTTP: `{"id"?, "method", "uri", "body"?, "headers"?}`. In a body, `{"$ref": "a"}` stands for the
   * id of the row that the call with the id `a` has made.
   */
  readonly calls: readonly unknown[]
  /** The idempotency key of the whole. */
  readonly key?: string
  readonly min?: string
}

/** Begins a subscription to a list or a row. */
export interface SubscribeFrame extends Request {
  readonly op: 'subscribe'
  /** The last position that the client has. The subscription continues after it. */
  readonly since?: string
  /**
   * Which commits are sent: every one (default), only the latest state of each row, or that at most once in so many
   * milliseconds.
   */
  readonly mode?: 'every' | 'latest' | number
  /** A row that is not there yet is waited for, instead of being refused as not found. */
  readonly absent?: 'wait'
  /** With `patch`, a changed row comes as its changed members. Default: the whole row. */
  readonly changes?: 'patch'
}

/** Ends a subscription. */
export interface UnsubscribeFrame {
  readonly op: 'unsubscribe'
  readonly id: RequestId
  /** The id of the request that began the subscription. */
  readonly sub: RequestId
}

/** Asks for a sign of life, and how far this connection was told what happened. */
export interface PingFrame {
  readonly op: 'ping'
  readonly id?: RequestId
}

/**
 * A message from the server.
 * @public
 */
export type ServerFrame =
  | HelloFrame
  | AnswerFrame
  | RefusalFrame
  | SnapshotFrame
  | ResumedFrame
  | CommitFrame
  | BehindFrame
  | EndFrame
  | PongFrame

/** The first message on a connection, and the answer to `auth`. */
export interface HelloFrame {
  readonly op: 'hello'
  readonly protocol: typeof SUBPROTOCOL
  readonly epoch: string
  /** How many milliseconds to wait before connecting again, another number for each connection. */
  readonly retry: number
  /** The id of the caller. null = anonymous. */
  readonly me: RequestId | null
  /** In how many seconds the credentials end. Absent if they do not. */
  readonly expires?: number
  readonly limits: {
    readonly message: number
    readonly subscriptions: number
    readonly rate: number
    readonly burst: number
    /** For how many seconds the answer to an idempotency key is kept. */
    readonly keys: number
  }
  readonly id?: RequestId
}

/** The answer to a call. */
export interface AnswerFrame {
  readonly id: RequestId
  /** The status that HTTP would answer with. */
  readonly status: number
  readonly data: unknown
  /** Entity tag without quotes, if there is one. */
  readonly etag?: string
  /** The position of what was read, or the position after the write. */
  readonly position?: string
  readonly next?: string
  readonly previous?: string
  readonly total?: number
  /** The ids of a list's rows, if `fields` leaves them out. */
  readonly ids?: readonly RequestId[]
  /** The write happened earlier, by a request with the same key. This is its answer. */
  readonly replayed?: true
}

/** A refused request. */
export interface RefusalFrame {
  /** null = the id of the message could not be read. */
  readonly id: RequestId | null
  readonly status: number
  readonly error: Problem
}

/**
 * All rows in view. A long list comes in parts, and all but the last one say `more`. With `reset` the client first discards the
 * rows that it has.
 */
export interface SnapshotFrame {
  readonly sub: RequestId
  readonly op: 'snapshot' | 'reset'
  readonly data: readonly unknown[]
  /** An id is null for an item of a handled resource, which has none. */
  readonly ids: readonly (RequestId | null)[]
  readonly versions: readonly string[]
  readonly more?: true
  /** Only in the last part. */
  readonly position?: string
}

/** The subscription goes on without a gap. The changes since `since` follow. */
export interface ResumedFrame {
  readonly sub: RequestId
  readonly op: 'resumed'
  readonly position: string
}

/** The changes that one commit made to the view. */
export interface CommitFrame {
  readonly sub: RequestId
  readonly op: 'commit'
  readonly position: string
  readonly events: readonly (FrameEvent | HandledEvent)[]
  /** Ids of all rows in view, in their order, if the order does not follow from the rows. */
  readonly order?: readonly RequestId[]
  /** The idempotency keys of the caller's own writes in it. */
  readonly by?: readonly string[]
}

/** The change of one row. */
export interface FrameEvent {
  readonly kind: 'enter' | 'change' | 'leave'
  readonly id: RequestId
  readonly version: string
  /** The row. It is absent when the row leaves. */
  readonly data?: unknown
  /**
   * The members that changed, each with its whole new value, for subscriptions with `changes: 'patch'`. Others stay. If there is
   * no `data` either, it is that of the event before that has one.
   */
  readonly patch?: Readonly<Record<string, unknown>>
  /** Whether the row itself was created or deleted. Otherwise it only moved into or out of view. */
  readonly own?: true
}

/** The change of something in a handled resource. */
export interface HandledEvent {
  readonly kind: 'enter' | 'change' | 'leave'
  /** The URI of the changed or deleted item. For a created item it is the URI of the list. */
  readonly uri: string
  readonly version: string
  /** The created item. */
  readonly data?: unknown
  /** The patch of a changed item. */
  readonly patch?: unknown
}

/**
 * Something was left out because the client reads too slowly, or because it cannot be told what happened. A `reset` follows,
 * and nothing else before it. The answer to a write whose effects were left out comes after this message.
 */
export interface BehindFrame {
  readonly sub: RequestId
  readonly op: 'behind'
}

/** The server ended the subscription. */
export interface EndFrame {
  readonly sub: RequestId
  readonly op: 'end'
  readonly error: Problem
}

export interface PongFrame {
  readonly op: 'pong'
  readonly id?: RequestId
  /**
   * Everything up to this position was told on this connection, except to subscriptions that are behind. Absent if queries
   * that run again are late.
   */
  readonly position?: string
}

/** Why the server closed a connection, beside the codes of RFC 6455 §7.4.1. */
export const closeCodes = {
  going_away: 1012,
  flooding: 1008,
  too_large: 1009,
  unauthenticated: 4401,
  slow_consumer: 4408,
} as const
