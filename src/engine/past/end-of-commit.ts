import type { Store } from '../../store/store.ts'
import { wait, type Work } from '../../store/work.ts'

/**
 * The position after the commit that contains a seq. The version of a row may lie within a commit. Commits are never
 * visible in parts, so a client that has the version has the whole commit.
 */
export function* endOfCommit(store: Store, seq: number): Work<number> {
  const [commit] = (yield* wait(store.commits(seq - 1, 1))) ?? []
  return Math.max(seq, commit?.position ?? seq)
}
