import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { ApiError } from '../../protocol/error.ts'
import type { Row } from '../../model/model.ts'
import type { Mode } from './coalesce.ts'
import { batchOf, type Batch, type LiveEvent } from '../event.ts'
import { Pace } from './pace.ts'
import type { RowsKind } from './source.ts'
import { Subscription } from './subscription.ts'

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
const batch = (position: number, ...events: LiveEvent[]): Batch => batchOf(null as never, { position, by: [] }, events)

interface World {
  readonly subscription: Subscription
  /** What the listener got and what the source was asked for, in order. */
  readonly log: unknown[]
  /**
   * Whether the connection has not yet taken what it was given, whether it takes nothing more, and how often it was told
   * that something was left out.
   */
  readonly connection: { busy: boolean; slow: boolean; behinds: number }
}

function world(mode: Mode = 'every'): World {
  const log: unknown[] = []
  const connection = { busy: false, slow: false, behinds: 0 }
  const subscription: Subscription = new Subscription<RowsKind>(
    {
      renew: async () => void log.push('renew'),
      reconsider: function* () {},
      positionOf: ({ position }) => position,
      leave: () => log.push('left'),
    },
    { key: 'a', followed: 'first' as never },
    {
      snapshot: () => {},
      resumed: () => {},
      batch: ({ position, events }) => {
        if (connection.slow) return false
        log.push([position, events.map(e => `${e.kind} ${e.id}`).join()])
        return true
      },
      behind: () => void connection.behinds++,
      isBusy: () => connection.busy,
      end: error => log.push(error.code),
    },
    mode === 'every' ? null : to => new Pace(mode, to),
  )
  return { subscription, log, connection }
}

const step = (n: number): Batch => batch(n, event('change'))
const told = (n: number): unknown => [n, 'change 1']

describe('a step', () => {
  test('that comes while a snapshot is taken waits for it, and is sent if it is newer', () => {
    const { subscription, log } = world()
    subscription.deliver(step(3))
    expect(log).toEqual([])
    subscription.begin(0, [step(1), step(2)])
    subscription.deliver(step(4))
    expect(log).toEqual([1, 2, 3, 4].map(told))
  })

  test('before a snapshot that is taken again is in it', () => {
    const { subscription, log } = world()
    subscription.deliver(step(1))
    expect(subscription.start()).toBe(true)
    subscription.begin(0)
    expect(log).toEqual([])
  })

  test('while a reader is behind is in the snapshot that it gets once it has read', () => {
    const { subscription, log, connection } = world()
    subscription.begin(0)
    Object.assign(connection, { busy: true, slow: true })
    subscription.deliver(step(1))
    connection.slow = false
    subscription.deliver(step(2))
    expect([subscription.behind, log]).toEqual([true, []])
    expect(connection.behinds).toBe(1)
    connection.busy = false
    subscription.drained()
    subscription.drained()
    subscription.deliver(step(3))
    expect(log).toEqual(['renew'])
    expect(subscription.start()).toBe(true)
    subscription.begin(0)
    subscription.deliver(step(4))
    expect(log).toEqual(['renew', told(4)])
  })

  test('that comes while the caller is uncertain waits, and is sent afterwards', () => {
    const { subscription, log } = world()
    subscription.begin(0)
    subscription.hold()
    subscription.deliver(step(1))
    expect(log).toEqual([])
    subscription.release()
    subscription.deliver(step(2))
    expect(log).toEqual([told(1), told(2)])
  })

  test('that was seen under earlier rights is not sent to a changed caller; the difference is', () => {
    const { subscription, log } = world()
    subscription.begin(0)
    subscription.hold()
    subscription.deliver(step(1))
    expect(subscription.takePending()).toHaveLength(1)
    subscription.switchTo('b', 'second' as never, [step(2)])
    expect([subscription.key, subscription.followed, log]).toEqual(['b', 'second', [told(2)]])
  })

  test('in too great a number while it waits is left out: a new snapshot is cheaper', () => {
    const { subscription, log } = world()
    subscription.begin(0)
    subscription.hold()
    for (let n = 1; n <= 1_001; n++) subscription.deliver(step(n))
    subscription.release()
    expect(log).toEqual(['renew'])
  })
})

describe('a new snapshot', () => {
  test.each<[string, (subscription: Subscription) => void, unknown[]]>([
    ['is asked for once where something cannot be told', one => one.begin(0), ['renew']],
    ['is asked for after the one that is being taken', () => {}, []],
    ['waits until it is known who listens', one => (one.begin(0), one.hold()), []],
    ['is not asked for twice', one => (one.begin(0), one.reset()), ['renew']],
    ['is not wanted any more once it is closed', one => one.close(), ['left']],
  ])('%s', (_, prepare, expected) => {
    const { subscription, log } = world()
    prepare(subscription)
    subscription.reset()
    expect(log).toEqual(expected)
  })

  test('a snapshot requested before the caller became uncertain is not used; another one is taken', () => {
    const { subscription, log } = world()
    subscription.begin(0)
    subscription.reset()
    subscription.hold()
    expect([subscription.start(), subscription.behind]).toEqual([false, true])
    subscription.release()
    expect([log, subscription.start()]).toEqual([['renew', 'renew'], true])
  })

  test('waits for a busy connection', () => {
    const { subscription, log, connection } = world()
    subscription.begin(0)
    connection.busy = true
    subscription.reset()
    expect(log).toEqual([])
    connection.busy = false
    subscription.drained()
    expect(log).toEqual(['renew'])
  })
})

test('an ended subscription sends its reason once, and nothing else', () => {
  const { subscription, log } = world()
  subscription.begin(0)
  subscription.end(new ApiError('not_found'))
  subscription.end(new ApiError('gone'))
  for (const act of [() => subscription.deliver(step(1)), () => subscription.hold(), () => subscription.release()])
    act()
  subscription.drained()
  expect(log).toEqual(['left', 'not_found'])
})

describe('modes', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  test('every sends all', () => {
    const { subscription, log, connection } = world('every')
    subscription.begin(0)
    connection.busy = true
    for (const n of [1, 2, 3]) subscription.deliver(step(n))
    expect(log).toEqual([1, 2, 3].map(told))
  })

  test('an interval sends the first at once and the rest together at its end', () => {
    const { subscription, log } = world(100)
    subscription.begin(0)
    for (const n of [1, 2, 3]) subscription.deliver(step(n))
    expect(log).toEqual([told(1)])
    vi.advanceTimersByTime(99)
    expect(log).toHaveLength(1)
    vi.advanceTimersByTime(1)
    expect(log).toEqual([told(1), told(3)])
    subscription.deliver(batch(4, event('leave')))
    vi.advanceTimersByTime(99)
    expect(log).toHaveLength(2)
    vi.advanceTimersByTime(1)
    expect(log[2]).toEqual([4, 'leave 1'])
    vi.advanceTimersByTime(1_000)
    subscription.deliver(batch(5, event('enter')))
    expect(log[3]).toEqual([5, 'enter 1'])
    subscription.close()
    expect(vi.getTimerCount()).toBe(0)
  })

  test('an interval that ends while the caller is uncertain goes on', () => {
    const { subscription, log } = world(100)
    subscription.begin(0)
    for (const n of [1, 2]) subscription.deliver(step(n))
    subscription.hold()
    vi.advanceTimersByTime(100)
    expect(log).toEqual([told(1)])
    subscription.release()
    vi.advanceTimersByTime(100)
    expect(log).toEqual([told(1), told(2)])
  })

  test('latest skips states that were replaced while the connection was busy', () => {
    const { subscription, log, connection } = world('latest')
    subscription.begin(0)
    subscription.deliver(batch(1, event('enter')))
    connection.busy = true
    for (const n of [2, 3]) subscription.deliver(step(n))
    expect(log).toEqual([[1, 'enter 1']])
    connection.busy = false
    subscription.drained()
    expect(log[1]).toEqual(told(3))
    subscription.deliver(step(4))
    expect(log[2]).toEqual(told(4))
  })
})
