import { expect, test } from 'vitest'
import { Terms } from '../../store/terms.ts'
import type { Commit, Snapshot, Store } from '../../store/store.ts'
import { run } from '../../store/work.ts'
import { commitsSince, MOST_BYTES } from './commits-since.ts'

/** A log of ten commits of so many bytes each, which is read in pages of two. */
function logOf(bytes: number): { store: Store; snapshot: Snapshot; since: string } {
  const terms = new Terms()
  terms.replace([{ epoch: 'aaaaaa', start: 0 } as never], 10)
  const commit = (position: number): Commit => ({ position, at: 0, changes: [], published: [], bytes })
  const commits = (after: number): Commit[] => [after + 1, after + 2].filter(at => at <= 10).map(commit)
  return { store: { terms, commits } as never, snapshot: { position: 10 } as never, since: terms.position(2) }
}

test('a client that is many bytes behind begins anew, one that is a few behind hears them', () => {
  const few = logOf(1_000)
  expect(run(commitsSince(few.store, few.snapshot, few.since, 100))).toHaveLength(8)
  const many = logOf(MOST_BYTES / 4)
  expect(run(commitsSince(many.store, many.snapshot, many.since, 100))).toBe(null)
})
