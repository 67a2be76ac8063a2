import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { PostgresConnection } from '../connection.ts'
import { TimeLimit } from './time-limit.ts'

const closed: string[] = []
const connection = (name: string): PostgresConnection =>
  ({ close: async () => void closed.push(name) }) as Partial<PostgresConnection> as PostgresConnection
const [one, other] = [connection('one'), connection('other')]

beforeEach(() => {
  closed.length = 0
  vi.useFakeTimers()
})
afterEach(() => void vi.useRealTimers())

test('a connection that does not answer in time is closed, and others are not', () => {
  const limit = new TimeLimit(100)
  limit.begin(one)
  vi.advanceTimersByTime(60)
  limit.begin(other)
  vi.advanceTimersByTime(39)
  expect(closed).toEqual([])
  vi.advanceTimersByTime(1)
  expect(closed).toEqual(['one'])
  expect([limit.end(one), limit.end(other)]).toEqual([false, true])
  vi.advanceTimersByTime(1_000)
  expect(closed).toEqual(['one'])
})

test('each statement of a connection has its own time, and whoever begins later is watched as well', () => {
  const limit = new TimeLimit(100)
  for (let i = 0; i < 5; i++) {
    limit.begin(one)
    vi.advanceTimersByTime(90)
    expect(limit.end(one)).toBe(true)
  }
  vi.advanceTimersByTime(1_000)
  limit.begin(other)
  vi.advanceTimersByTime(100)
  expect(closed).toEqual(['other'])
})
