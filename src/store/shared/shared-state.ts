import type { Maybe } from '../work.ts'

/**
 * Short texts that all processes share which use the same database: leases, budgets, tickets. They are neither rows nor in the
 * log. A crash of the machine may lose them, so whoever keeps something here must be right without it too, only less strict.
 *
 * Everything that processes have to agree on beside rows is made of `update`, so that it is the same on every store.
 */
export interface SharedState {
  /**
   * Replaces the text under a key by what `step` makes of it, atomically among all processes. `step` may be called several
   * times; the last call counts. Rejects with ApiError `unavailable` if the database does not answer.
   */
  update<T>(key: string, step: SharedStep<T>): Maybe<T>
  /** The texts whose keys begin with `prefix`, for people who look, at most `most`: those that are kept for longest. */
  list(prefix: string, most: number): Maybe<readonly SharedText[]>
  close(): Maybe<void>
}

export interface SharedText {
  readonly key: string
  readonly text: string
}

/** `text` is undefined if there is none, or if its time is over. `now` is in milliseconds since 1970, by one clock for all. */
export type SharedStep<T> = (text: string | undefined, now: number) => SharedChange<T>

export interface SharedChange<T> {
  /** What `update` resolves to. */
  readonly value: T
  /** The new text; null removes it. Absent: it stays as it is. */
  readonly text?: string | null
  /** Until when the new text is kept, in milliseconds since 1970. */
  readonly until?: number
}
