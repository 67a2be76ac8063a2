import type { Commit, Snapshot, Store } from '../../store/store.ts'
import { wait, type Work } from '../../store/work.ts'
import { endOfCommit } from '../../engine/past/end-of-commit.ts'

/** Changes that are read from the log at a time. */
const STEP = 10_000

/** The most changes that are replayed to a subscription. One that is further behind begins anew, which is cheaper. */
export const MOST_REPLAYED = 10_000

/** Bytes of the records of commits that are held at once. */
export const MOST_BYTES = 33_554_432

/**
 * The commits after a position, up to the snapshot; null if the log cannot tell, if there are more than `most` changes, or if
 * they have too many bytes. This is where resuming begins.
 */
export function* commitsSince(store: Store, snapshot: Snapshot, since: string, most: number): Work<Commit[] | null> {
  const position = store.terms.seqOf(since)
  if (position === null || position > snapshot.position || snapshot.position - position > most) return null
  const commits: Commit[] = []
  let bytes = 0
  for (let at = yield* endOfCommit(store, position); at < snapshot.position;) {
    const next = yield* wait(store.commits(at, STEP))
    if (!next || next.length === 0) return null
    for (const commit of next) {
      bytes += commit.bytes ?? 0
      if (commit.position <= snapshot.position) commits.push(commit)
    }
    if (bytes > MOST_BYTES) return null
    at = next.at(-1)!.position
  }
  return commits
}

/** A page of the log after a position (null = its beginning), with about `limit` changes, and the current position. */
export function* commitPage(
  store: Store,
  snapshot: Snapshot,
  since: string | null,
  limit: number,
): Work<{ commits: Commit[] | null; position: string }> {
  const position = store.terms.position(snapshot.position)
  const from = since === null ? 0 : store.terms.seqOf(since)
  if (from === null || from > snapshot.position) return { commits: null, position }
  const commits = yield* wait(store.commits(from, limit))
  return { commits: commits && commits.filter(commit => commit.position <= snapshot.position), position }
}
