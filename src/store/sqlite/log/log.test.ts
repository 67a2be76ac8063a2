import { afterEach, beforeEach, expect, test } from 'vitest'
import { openedFile } from '../../../testing/store-suite/opened-file.ts'
import { created, model, user } from '../../../testing/store-suite/world.ts'
import type { Opened } from '../open.ts'

let opened: Opened
beforeEach(() => {
  opened = openedFile(model)
})
afterEach(() => opened.state.connection.close())

/** Records of one change each, the first half older than the rest. */
function fill(count: number): void {
  for (let seq = 1; seq <= count; seq++) {
    opened.log.append(seq, seq, seq <= count / 2 ? 1000 : 2000, created(user, { id: seq, email: `${seq}` }))
  }
}

const floor = (): number => opened.state.connection.prepare('SELECT min(seq) FROM _restuary_log').get()![0] as number

test('only records that are both old and surplus are deleted, in portions; reading them says that they are gone', () => {
  const { log } = opened
  fill(2000)
  log.trim(2000, 2000, { changes: 1900, milliseconds: 500 })
  expect(floor()).toBe(101)
  log.trim(2000, 2000, { changes: 100, milliseconds: 1500 })
  expect(floor()).toBe(101)
  log.trim(2000, 2000, { changes: 100, milliseconds: 500 })
  expect(floor()).toBe(601)
  for (let i = 0; i < 3; i++) log.trim(2000, 2000, { changes: 100, milliseconds: 500 })
  expect(floor()).toBe(1001)
  expect(log.after(999, 10, 2000)).toBeNull()
  expect(log.after(1000, 2, 2000)!.map(commit => commit.position)).toEqual([1001, 1002])
  expect(log.after(2000, 2, 2000)).toEqual([])
  expect(log.after(2001, 2, 2000)).toBeNull()
})

test('records are deleted up to the first that is kept, also if a clock was put back: no gap comes about', () => {
  const { log } = opened
  for (let seq = 1; seq <= 20; seq++)
    log.append(seq, seq, seq === 6 ? 9000 : 1000, created(user, { id: seq, email: `${seq}` }))
  log.trim(20, 5000, { changes: 10, milliseconds: 1000 })
  expect(floor()).toBe(6)
  expect(log.after(5, 10, 20)!.map(commit => commit.position)).toEqual([6, 7, 8, 9, 10, 11, 12, 13, 14, 15])
})

test('a commit is whole, however many changes it has; from within it the rest comes', () => {
  const { log } = opened
  for (let seq = 1; seq <= 30; seq++) {
    log.append(seq, seq <= 25 ? 1 : seq, 1000, created(user, { id: seq, email: `${seq}` }))
  }
  const sizes = (after: number, limit: number): number[] =>
    log.after(after, limit, 30)!.map(commit => commit.changes.length)
  expect(sizes(0, 10)).toEqual([25])
  expect(sizes(0, 26)).toEqual([25, 1])
  expect(sizes(20, 100)).toEqual([5, 1, 1, 1, 1, 1])
})
