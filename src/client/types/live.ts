import type { Problem } from '../problem.ts'
import type { Selection } from './query.ts'

/**
 * Which rows are followed, and how they are shown.
 *
 * @example
 * api.todo.live({ filter: { done: false }, sort: '-rank', limit: 20 })
 */
export interface LiveOptions<M, K, F extends string, I extends string, D, S extends string> extends Selection<
  M,
  K,
  F,
  I,
  D,
  S
> {}

/**
 * `loading` = nothing has come yet, `live` = up to date, `stale` = the connection is lost, `reset` = the server begins anew, and
 * the rows are those of before. `refused` = the server does not allow it, and `problem` says why; `closed` = by the client.
 */
export type LiveStatus = 'loading' | 'live' | 'stale' | 'reset' | 'refused' | 'closed'

/** The change of one row. */
export interface LiveChange<R, I> {
  /** `enter` = it came into view, `leave` = it is gone or out of view. */
  readonly kind: 'enter' | 'change' | 'leave'
  readonly id: I
  /** null = it has left. */
  readonly row: R | null
}

/** What a live query has at one moment. */
export interface LiveState<R, I> {
  /** The same array until something changes, and in it the same objects for rows that did not change. */
  readonly rows: readonly R[]
  /** What is different from the state before. */
  readonly changes: readonly LiveChange<R, I>[]
  readonly status: LiveStatus
  /** The position in the change log up to which the rows are known. null = nothing has come yet. */
  readonly position: string | null
}

/**
 * Rows that are kept up to date, and one's own writes that the server has not told of yet. Equal words give the same object.
 * It follows the server as long as somebody uses it.
 *
 * @example
 * for await (const { rows, changes } of api.todo.live({ filter: { done: false } })) render(rows)
 */
export interface Live<R, I> extends LiveState<R, I>, AsyncIterable<LiveState<R, I>, void> {
  /** Everything above in one object, which is the same until something changes. */
  readonly state: LiveState<R, I>
  /** What it began with, if that was drawn on the server. A page shows it first, so that it is the same as what was sent. */
  readonly initial: LiveState<R, I> | null
  /** Why the server refused. */
  readonly problem: Problem | null
  /** Resolves when the first rows have come. Rejects with the problem if the server refuses. */
  readonly ready: Promise<void>
  /** Calls back after each change. Returns the function that ends that. */
  readonly subscribe: (changed: (state: LiveState<R, I>) => void) => () => void
  /** Ends it for all who use it. */
  close(): void
}

/** One row that is kept up to date. */
export interface LiveRow<R, I> extends Live<R, I> {
  /** null = it does not exist, or has not come yet. */
  readonly row: R | null
}
