import { expect, test } from 'vitest'
import type { Change, Commit } from '../store.ts'
import { RecentCommits } from './recent-commits.ts'

/** A commit that ends at a position. */
function commit(position: number, size = 1): Commit {
  const changes = Array.from({ length: size }, (_, i) => ({ seq: position - size + 1 + i }) as Change)
  return { position, at: 0, changes, published: [] }
}

const positions = (commits: readonly Commit[] | undefined): number[] | undefined => commits?.map(one => one.position)

test('after many commits the newest are there without a gap, and older ones are reported as gone', () => {
  const recent = new RecentCommits(0)
  for (let position = 1; position <= 1_300; position++) recent.push(commit(position))
  expect(positions(recent.after(1_297, 10))).toEqual([1_298, 1_299, 1_300])
  expect(recent.after(788, 1_000)).toHaveLength(512)
  expect(recent.after(787, 1_000)).toBeUndefined()
  expect(recent.after(1_300, 10)).toEqual([])
})

test('large commits leave less room for others', () => {
  const recent = new RecentCommits(0)
  recent.push(commit(1))
  recent.push(commit(2_001, 2_000))
  recent.push(commit(4_001, 2_000))
  expect(positions(recent.after(0, 10_000))).toEqual([1, 2_001, 4_001])
  recent.push(commit(4_101, 100))
  expect(recent.after(1, 10_000)).toBeUndefined()
  expect(positions(recent.after(2_001, 10_000))).toEqual([4_001, 4_101])
})

test('a position within a commit gets the rest of it', () => {
  const recent = new RecentCommits(0)
  recent.push(commit(5, 5))
  expect(recent.after(3, 10)?.[0]?.changes.map(change => change.seq)).toEqual([4, 5])
})

test('a restart forgets everything', () => {
  const recent = new RecentCommits(0)
  for (let position = 1; position <= 600; position++) recent.push(commit(position))
  recent.restart(600)
  expect(recent.after(599, 10)).toBeUndefined()
  recent.push(commit(601))
  expect(positions(recent.after(600, 10))).toEqual([601])
})

test('so do commits with large rows', () => {
  const recent = new RecentCommits(0)
  for (let position = 1; position <= 10; position++) recent.push({ ...commit(position), bytes: 5_000_000 })
  expect(positions(recent.after(7, 10))).toEqual([8, 9, 10])
  expect(recent.after(6, 10)).toBeUndefined()
})
