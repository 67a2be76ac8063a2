import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Row } from '../model/model.ts'
import { Coalesced, type Mode } from './coalesce.ts'
import { batchOf, type Batch, type LiveEvent } from './event.ts'
import { Subscription, type Listener } from './subscription.ts'

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

describe('modes', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  const following = (
    mode: Mode,
  ): { told: [number, string][]; subscription: Subscription; state: { busy: boolean } } => {
    const told: [number, string][] = []
    const state = { busy: false }
    const listener: Listener = {
      snapshot: () => {},
      resumed: () => {},
      end: () => {},
      isBusy: () => state.busy,
      batch: ({ position, events }) => {
        told.push([position, events.map(e => `${e.kind} ${e.id}`).join()])
        return true
      },
    }
    return { told, state, subscription: new Subscription('', null as never, listener, mode, async () => {}) }
  }

  test('every tells all', () => {
    const { told, subscription, state } = following('every')
    state.busy = true
    for (const n of [1, 2, 3]) subscription.deliver(batch(n, event('change')))
    expect(told.map(([position]) => position)).toEqual([1, 2, 3])
  })

  test('an interval tells the first at once and the rest together at its end', () => {
    const { told, subscription } = following(100)
    for (const n of [1, 2, 3]) subscription.deliver(batch(n, event('change')))
    expect(told).toEqual([[1, 'change 1']])
    vi.advanceTimersByTime(99)
    expect(told).toHaveLength(1)
    vi.advanceTimersByTime(1)
    expect(told).toEqual([
      [1, 'change 1'],
      [3, 'change 1'],
    ])
    subscription.deliver(batch(4, event('leave')))
    vi.advanceTimersByTime(99)
    expect(told).toHaveLength(2)
    vi.advanceTimersByTime(1)
    expect(told[2]).toEqual([4, 'leave 1'])
    vi.advanceTimersByTime(1_000)
    subscription.deliver(batch(5, event('enter')))
    expect(told[3]).toEqual([5, 'enter 1'])
    subscription.close()
    expect(vi.getTimerCount()).toBe(0)
  })

  test('latest skips what was overtaken while the connection was busy', () => {
    const { told, subscription, state } = following('latest')
    subscription.deliver(batch(1, event('enter')))
    state.busy = true
    for (const n of [2, 3]) subscription.deliver(batch(n, event('change')))
    expect(told).toEqual([[1, 'enter 1']])
    state.busy = false
    subscription.drained()
    expect(told[1]).toEqual([3, 'change 1'])
    subscription.deliver(batch(4, event('change')))
    expect(told[2]).toEqual([4, 'change 1'])
  })
})
