import { expect, test } from 'vitest'
import { Bucket } from './requests.ts'

test('a bucket fills with time, up to its burst, and is not emptied by a clock that is set back', () => {
  let now = 1_000
  const bucket = new Bucket(10, 2, () => now)
  const takes = (count: number): boolean[] => Array.from({ length: count }, () => bucket.take())
  expect(takes(3)).toEqual([true, true, false])
  now += 100
  expect(takes(2)).toEqual([true, false])
  now -= 60_000
  expect(takes(1)).toEqual([false])
  now += 100
  expect(takes(1)).toEqual([true])
  now += 60_000
  expect(takes(3)).toEqual([true, true, false])
})
