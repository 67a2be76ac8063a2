import { expect, test } from 'vitest'
import { ApiError, problemOf } from './error.ts'

test('a problem says when it is worth another try, where that is known in seconds', () => {
  const problem = (headers: Record<string, string>): unknown =>
    problemOf(new ApiError('rate_limited', { headers })).retryAfter
  expect(problem({ 'retry-after': '9' })).toBe(9)
  expect(problem({ 'retry-after': 'Sun, 06 Nov 1994 08:49:37 GMT' })).toBe(undefined)
  expect(problem({})).toBe(undefined)
})

test('faults are errors of the server: neither refusals, nor errors that a caller can provoke', () => {
  expect(new ApiError('internal').isFault).toBe(true)
  expect(new ApiError('unavailable').isFault).toBe(true)
  expect(new ApiError('unavailable', { expected: true }).isFault).toBe(false)
  expect(new ApiError('not_implemented').isFault).toBe(false)
  expect(new ApiError('conflict').isFault).toBe(false)
  expect(new ApiError('conflict', { status: 500 }).isFault).toBe(true)
})
