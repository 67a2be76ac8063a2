import { expect, test } from 'vitest'
import { keysOf, signatureOf, signaturesOf, signed, writerOf } from './signature.ts'
import type { Commit, RowChange } from './store.ts'

const changes = [{ id: 1 }, { id: 2 }] as unknown as RowChange[]
const commitOf = (changes: readonly RowChange[]): Commit => ({ changes }) as unknown as Commit

test('every change of a write has its author, and the first one the key', () => {
  const { by } = signed(changes, signatureOf({ id: 'a b' }, 'k1'))[0]!
  const all = signed(changes, signatureOf({ id: 'a b' }, 'k1'))
  expect(all.map(one => writerOf(one.by!))).toEqual(['a b', 'a b'])
  expect(keysOf([by!], { id: 'a b' })).toEqual(['k1'])
  expect(signaturesOf([commitOf(all)])).toEqual([by])
})

test('a write without a key tells subscribers of none', () => {
  const all = signed(changes, signatureOf({ id: 7 }, ''))
  expect(all.map(one => writerOf(one.by!))).toEqual([7, 7])
  expect(signaturesOf([commitOf(all)])).toEqual([])
  expect(signaturesOf([commitOf(all.slice(1))])).toEqual([])
  expect(signaturesOf([commitOf(all), commitOf(all)])).toEqual([])
})

test('a write that nobody signs is left as it is', () => {
  expect(signed(changes, null)).toBe(changes)
})
