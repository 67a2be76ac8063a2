import { describe, expect, test } from 'vitest'
import type { Row } from '../../model/model.ts'
import { Coalesced } from './coalesce.ts'
import { batchOf, type Batch, type LiveEvent } from '../event.ts'

const event = (kind: LiveEvent['kind'], id = 1): LiveEvent => ({
  kind,
  id,
  seq: 1,
  version: null,
  body: kind === 'leave' ? null : '{}',
  row: kind === 'leave' ? null : ([id] as Row),
  born: kind === 'enter',
  dead: kind === 'leave',
  changes: [],
})
/** An event with a record. */
const known = (kind: LiveEvent['kind'], record: string): LiveEvent => ({ ...event(kind), changes: [record as never] })
const batch = (position: number, ...events: LiveEvent[]): Batch => batchOf(null as never, { position, by: [] }, events)

describe('two events of a row are one', () => {
  test.each<[LiveEvent['kind'], LiveEvent['kind'], LiveEvent['kind'] | null]>([
    ['enter', 'change', 'enter'],
    ['enter', 'leave', null],
    ['change', 'change', 'change'],
    ['change', 'leave', 'leave'],
    ['leave', 'enter', 'change'],
  ])('%s then %s', (a, b, both) => {
    const held = new Coalesced()
    held.add(batch(1, event(a)))
    held.add(batch(2, event(b)))
    const taken = held.take()
    expect(taken?.events[0]?.kind ?? null).toBe(both)
    if (taken) expect(taken.position).toBe(2)
    expect(held.isEmpty).toBe(true)
  })

  test.each<[string, LiveEvent[], string[] | null]>([
    ['both told by records', [known('change', 'a'), known('change', 'b')], ['a', 'b']],
    ['one of them about related rows', [event('change'), known('change', 'b')], null],
    ['the other about related rows', [known('change', 'a'), event('change')], null],
    ['both about related rows', [event('change'), event('change')], []],
    ['out of view in between', [known('leave', 'a'), known('enter', 'b')], null],
    [
      'out of view in between, and changed again',
      [known('leave', 'a'), known('enter', 'b'), known('change', 'c')],
      null,
    ],
    ['gone in the end', [event('change'), known('leave', 'b')], ['b']],
  ])('what they say of the changes: %s', (_, events, records) => {
    const held = new Coalesced()
    events.forEach((one, i) => held.add(batch(i, one)))
    expect(held.take()!.events[0]!.changes).toEqual(records)
  })

  test('keeps other rows, in the order of their last events', () => {
    const held = new Coalesced()
    held.add(batch(1, event('enter', 1), event('change', 2)))
    held.add(batch(2, event('change', 1)))
    expect(held.take()?.events.map(e => [e.kind, e.id])).toEqual([
      ['change', 2],
      ['enter', 1],
    ])
  })

  test('too many are too many', () => {
    const held = new Coalesced()
    const many = Array.from({ length: 10_000 }, (_, i) => event('change', i))
    expect(held.add(batch(1, ...many))).toBe(true)
    expect(held.add(batch(2, event('change', 10_001)))).toBe(false)
  })
})

test('a row that changes for a long time keeps few of its changes, and says then that they are not known', () => {
  const held = new Coalesced()
  for (let i = 0; i < 1_000; i++) held.add(batch(i, known('change', `${i}`)))
  expect(held.take()!.events).toEqual([expect.objectContaining({ kind: 'change', changes: null })])
})

test('idempotency keys are kept for the next batch, up to a number', () => {
  const held = new Coalesced()
  const keyed = (position: number): Batch => ({ ...batch(position, event('change')), by: [`null ${position}`] })
  expect([held.add(keyed(1)), held.add(keyed(2))]).toEqual([true, true])
  expect(held.take()!.by).toEqual(['null 1', 'null 2'])
  let i = 0
  while (held.add(keyed(i))) i++
  expect(i).toBe(10_000)
})
