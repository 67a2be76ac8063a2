import type { Problem } from './error.ts'

/** The WebSocket subprotocol whose messages these are (docs/protocol.md §8). */
export const SUBPROTOCOL = 'restuary.1'

/** Names a request on its connection; chosen by the client. */
export type RequestId = number | string

/** Words of a query; the same as in a URI, as JSON. */
export interface Params {
  readonly filter?: unknown
  readonly sort?: string | readonly string[]
  readonly limit?: number
  readonly offset?: number
  readonly cursor?: string
  readonly total?: boolean
  readonly depth?: number
  readonly include?: readonly string[]
  readonly fields?: readonly string[]
}

interface Request {
  readonly id: RequestId
  /** Of a list or a row, with or without a slash in front, with or without a query. */
  readonly uri: string
  /** Instead of a query in the URI. */
  readonly params?: Params
  /** A position that has to be reached first. */
  readonly min?: string
}

/** What a client sends. */
export type ClientFrame = AuthFrame | CallFrame | SubscribeFrame | UnsubscribeFrame | PingFrame

export interface AuthFrame {
  readonly op: 'auth'
  readonly id: RequestId
  readonly token?: string
  readonly ticket?: string
}

export interface CallFrame extends Request {
  readonly op: 'list' | 'get' | 'create' | 'replace' | 'patch' | 'delete' | 'act'
  /** The body. A patch that is an array is a JSON Patch, one that is an object a merge patch. */
  readonly data?: unknown
  /** Entity tags without quotes, or `*`. */
  readonly ifMatch?: string | readonly string[]
  readonly ifNoneMatch?: string | readonly string[]
  /** Makes a write that is sent again take effect once. */
  readonly key?: string
  /** The method of an action that has several. */
  readonly method?: string
}

export interface SubscribeFrame extends Request {
  readonly op: 'subscribe'
  /** The position to continue behind. */
  readonly since?: string
  /** Every commit (default), only the latest state of each row, or that at most once in so many milliseconds. */
  readonly mode?: 'every' | 'latest' | number
}

export interface UnsubscribeFrame {
  readonly op: 'unsubscribe'
  readonly id: RequestId
  /** The id of the subscribe request. */
  readonly sub: RequestId
}

export interface PingFrame {
  readonly op: 'ping'
  readonly id?: RequestId
}

/**
 * What the server sends.
 * @public
 */
export type ServerFrame =
  | HelloFrame
  | AnswerFrame
  | RefusalFrame
  | SnapshotFrame
  | ResumedFrame
  | CommitFrame
  | EndFrame
  | PongFrame

/** The first message, and the answer to `auth`. */
export interface HelloFrame {
  readonly op: 'hello'
  readonly protocol: typeof SUBPROTOCOL
  readonly epoch: string
  /** null = anonymous. */
  readonly me: RequestId | null
  readonly limits: {
    readonly message: number
    readonly subscriptions: number
    readonly rate: number
    readonly burst: number
  }
  readonly id?: RequestId
}

export interface AnswerFrame {
  readonly id: RequestId
  /** As HTTP would say it. */
  readonly status: number
  readonly data: unknown
  /** Entity tag without quotes, where there is one. */
  readonly etag?: string
  /** Of what was read, or after what was written. */
  readonly position?: string
  readonly next?: string
  readonly previous?: string
  readonly total?: number
  /** The write was done before, by an earlier request with the same key. */
  readonly replayed?: true
}

export interface RefusalFrame {
  /** null where the message had none that could be read. */
  readonly id: RequestId | null
  readonly status: number
  readonly error: Problem
}

/** All rows in view; a long list comes in parts, of which all but the last say `more`. `reset` = discard what you have first. */
export interface SnapshotFrame {
  readonly sub: RequestId
  readonly op: 'snapshot' | 'reset'
  readonly data: readonly unknown[]
  /** null = what a function tells has none. */
  readonly ids: readonly (RequestId | null)[]
  readonly versions: readonly string[]
  readonly more?: true
  /** Of the last part. */
  readonly position?: string
}

/** Nothing is missing: what happened since follows. */
export interface ResumedFrame {
  readonly sub: RequestId
  readonly op: 'resumed'
  readonly position: string
}

/** What one commit did to the view. */
export interface CommitFrame {
  readonly sub: RequestId
  readonly op: 'commit'
  readonly position: string
  readonly events: readonly (FrameEvent | HandledEvent)[]
  /** Ids of all rows in view in their order, where the rows do not tell it. */
  readonly order?: readonly RequestId[]
}

export interface FrameEvent {
  readonly kind: 'enter' | 'change' | 'leave'
  readonly id: RequestId
  readonly version: string
  /** Absent when the row leaves. */
  readonly data?: unknown
  /** The row itself came to be or is gone; otherwise it only moved into or out of view. */
  readonly own?: true
}

/** What became of something that functions serve. */
export interface HandledEvent {
  readonly kind: 'enter' | 'change' | 'leave'
  /** Of what changed or is gone; of the list where something was created. */
  readonly uri: string
  readonly version: string
  /** What was created. */
  readonly data?: unknown
  /** What changed. */
  readonly patch?: unknown
}

/** The subscription is over. */
export interface EndFrame {
  readonly sub: RequestId
  readonly op: 'end'
  readonly error: Problem
}

export interface PongFrame {
  readonly op: 'pong'
  readonly id?: RequestId
}

/** Why a connection was closed by the server, beside the codes of RFC 6455 §7.4.1. */
export const closeCodes = {
  going_away: 1012,
  flooding: 1008,
  too_large: 1009,
  unauthenticated: 4401,
  slow_consumer: 4408,
} as const
