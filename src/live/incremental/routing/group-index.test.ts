import { expect, test } from 'vitest'
import { forEachMember, withoutMember, withMember, type CompactSet } from './group-index.ts'

const membersOf = (few: CompactSet<object>): object[] => {
  const found: object[] = []
  forEachMember(few, member => found.push(member))
  return found
}

test('contains what was added and not removed', () => {
  const [a, b, c] = [{}, {}, {}]
  let few: CompactSet<object> = null
  expect(membersOf(few)).toEqual([])
  for (const one of [a, a, b, b, c]) few = withMember(few, one)
  expect(membersOf(few)).toEqual([a, b, c])
  few = withoutMember(few, {})
  few = withoutMember(few, b)
  expect(membersOf(few)).toEqual([a, c])
  few = withoutMember(few, c)
  expect(few).toBe(a)
  few = withoutMember(few, c)
  expect(few).toBe(a)
  expect(withoutMember(few, a)).toBe(null)
})
