import { describe, expect, test } from 'vitest'
import type { Row } from '../model/model.ts'
import { Coalesced } from './coalesce.ts'
import { batchOf, type Batch, type LiveEvent } from './event.ts'

const event = (kind: LiveEvent['kind'], id = 1): LiveEvent => ({
  kind,
  id,
  seq: 1,
  body: kind === 'leave' ? null : '{}',
  row: kind === 'leave' ? null : ([id] as Row),
  born: kind === 'enter',
  dead: kind === 'leave',
  changes: [],
})
const batch = (position: number, ...events: LiveEvent[]): Batch => batchOf(null as never, position, events)

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

  test('others stay beside it, the latest last', () => {
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
