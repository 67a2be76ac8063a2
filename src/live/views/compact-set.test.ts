import { expect, test } from 'vitest'
import { each, minus, plus, type Few } from './compact-set.ts'

const membersOf = (few: Few<object>): object[] => {
  const found: object[] = []
  each(few, member => found.push(member))
  return found
}

test('holds what was added and not taken away', () => {
  const [a, b, c] = [{}, {}, {}]
  let few: Few<object> = null
  expect(membersOf(few)).toEqual([])
  for (const one of [a, a, b, b, c]) few = plus(few, one)
  expect(membersOf(few)).toEqual([a, b, c])
  few = minus(few, {})
  few = minus(few, b)
  expect(membersOf(few)).toEqual([a, c])
  few = minus(few, c)
  expect(few).toBe(a)
  few = minus(few, c)
  expect(few).toBe(a)
  expect(minus(few, a)).toBe(null)
})
