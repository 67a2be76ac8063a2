import { expect, test } from 'vitest'
import type { Row } from '../../model/model.ts'
import { team, user } from '../../testing/store-suite/world.ts'
import type { Change, Commit } from '../store.ts'
import { KeptRows } from './kept-rows.ts'

/** A commit that leaves rows as they are here; null = it deletes the row. */
function commit(rows: Readonly<Record<number, string | null>>, more: Partial<Change> = {}, bytes = 0): Commit {
  const changes = Object.entries(rows).map(([id, name]) => {
    const after = name === null ? null : ([Number(id), 1, 1, name] as Row)
    return { resource: user, id: Number(id), op: 'patch', before: null, after, changed: [], seq: 1, ...more } as Change
  })
  return { position: 1, at: 1, changes, published: [], bytes }
}

test('rows are kept as the newest commit left them; deleted ones are known to be gone', () => {
  const kept = new KeptRows()
  kept.learn(commit({ 1: 'a', 2: 'b' }))
  kept.learn(commit({ 1: 'c', 2: null }))
  expect(kept.get(user, 1)![3]).toBe('c')
  expect(kept.get(user, 2)).toBeNull()
  expect(kept.get(user, 3)).toBeUndefined()
  expect(kept.get(team, 1)).toBeUndefined()
  kept.clear()
  expect(kept.get(user, 1)).toBeUndefined()
})

test('a row is forgotten if another version has recorded it without all of its fields', () => {
  const kept = new KeptRows()
  kept.learn(commit({ 1: 'a' }))
  kept.learn(commit({ 1: 'b' }, { missing: [3] }))
  expect(kept.get(user, 1)).toBeUndefined()
})

test('rows are dropped when two generations of others have come, by number or by size', () => {
  for (const [count, bytes] of [
    [2 * 16_384, 0],
    [2, 16_777_216],
  ] as const) {
    const kept = new KeptRows()
    kept.learn(commit({ 1: 'a' }))
    for (let id = 2; id < 2 + count / 2; id++) kept.learn(commit({ [id]: 'b' }, {}, bytes))
    expect(kept.get(user, 1)![3]).toBe('a')
    for (let id = 2; id < 2 + count / 2; id++) kept.learn(commit({ [id]: 'b' }, {}, bytes))
    expect(kept.get(user, 1)).toBeUndefined()
  }
})
