import type { ProblemDocument } from './problem.ts'

export type Id = number | string

/** An operation on the server, the same for each transport. Its words are those of restuary.1 (docs/protocol.md §8.3). */
export interface Call {
  readonly op: 'list' | 'get' | 'create' | 'replace' | 'patch' | 'delete' | 'act'
  /** The path below the base URL: `/todo/7`. */
  readonly uri: string
  readonly params?: Params | undefined
  readonly data?: unknown
  readonly ifMatch?: string | undefined
  /** The idempotency key. */
  readonly key?: string | undefined
  /** A position that the server must have reached. */
  readonly min?: string | undefined
  /** The method of an action. */
  readonly method?: string | undefined
  readonly signal?: AbortSignal | undefined
  /** Aborted when its caller has logged out. It is not sent. */
  readonly caller?: AbortSignal | undefined
  /** The URI of the row that is written. The path of several. undefined = a row that others cannot name yet. */
  readonly row?: string | undefined
  /** What live queries show of a write until the server has told them. */
  readonly shown?: Shown | undefined
}

/** The row that a write is about. Without an id, the server chooses it. */
export interface Shown {
  readonly resource: string
  readonly id: Id | undefined
  /** Whether its caller sees to conflicts. */
  readonly isMerged?: boolean
}

/** The parameters of a query. */
export type Params = Readonly<Record<string, unknown>>

/** The answer to a call. */
export interface Answer {
  readonly status: number
  readonly data: any // oxlint-disable-line typescript/no-explicit-any -- the types of the client say what it is
  /** The position of what was read, or that of the write. */
  readonly position?: string | undefined
  /** Cursors of the neighbouring pages. */
  readonly next?: string | undefined
  readonly previous?: string | undefined
  readonly total?: number | undefined
  /** Whether live queries have been told of everything that the call did. */
  readonly isTold?: boolean | undefined
}

/** A message of restuary.1. frames.ts says what its members are. */
export interface Frame {
  readonly [member: string]: any // oxlint-disable-line typescript/no-explicit-any -- each message has its own
}

/** Sends calls. */
export interface Transport {
  /** Resolves to the answer. Rejects with a Problem. */
  call(call: Call): Promise<Answer>
}

/** Whether a value is a problem document. */
export function isProblemDocument(value: unknown): value is ProblemDocument {
  return typeof (value as ProblemDocument | null)?.error === 'string'
}

/**
 * Query parameters as text: lists of names are joined by commas, all else that is no text is JSON. With `json`, lists are JSON
 * as well. null is left out.
 */
export function queryText(params: Params = {}, json = false): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(params)) {
    const isText = typeof value === 'string' || (!json && Array.isArray(value))
    if (value != null) search.set(name, isText ? String(value as string | string[]) : JSON.stringify(value))
  }
  return search.size === 0 ? '' : `?${search}`
}
