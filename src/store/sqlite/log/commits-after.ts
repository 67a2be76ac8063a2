import { completeCommits } from '../../log/complete-commits.ts'
import type { Commit } from '../../store.ts'
import type { Opened } from '../open.ts'

/** Whole commits after a position, with about `limit` changes. null if the log cannot tell all of them. */
export function commitsAfter({ state, log, reader }: Opened, after: number, limit: number): Commit[] | null {
  if (after >= state.position) return after === state.position ? [] : null
  const recent = state.recent.after(after, limit)
  return recent ?? completeCommits(log.after(after, limit, state.position), (...row) => reader.get(...row))
}
