import type { Store } from '../../store/store.ts'
import { wait, type Work } from '../../store/work.ts'

/**
 * The position after the commit that holds a seq. The version of a row may lie within a commit, which nobody ever saw in
 * parts: whoever has that version has the whole commit.
 */
export function* endOfCommit(store: Store, seq: number): Work<number> {
  const [commit] = (yield* wait(store.commits(seq - 1, 1))) ?? []
  return Math.max(seq, commit?.position ?? seq)
}
