import type { SocketApiCase, Step } from './vector.ts'

/** Where Socket.IO is answered otherwise than the recorded ancestor did. */
interface Departure {
  readonly id: string
  /** By decision, or the recorded README version. */
  readonly why: string
  readonly cases: readonly string[]
  rewrite(steps: readonly Step[]): readonly Step[]
}

/** Replaces the expectation at the n-th `expect` step. */
const expecting =
  (...others: readonly (readonly [n: number, expect: Step['expect']])[]) =>
  (steps: readonly Step[]): readonly Step[] => {
    let n = -1
    return steps.map(step => {
      if (!step.expect) return step
      n++
      const other = others.find(([at]) => at === n)
      return other ? { ...step, expect: other[1] ?? [] } : step
    })
  }

const event = (name: string, ...args: unknown[]): { event: string; args: unknown[] } => ({ event: name, args })
const apples = [
  { foo: 0, bar: 'koala' },
  { foo: 1, bar: 'camel' },
]

export const departures: readonly Departure[] = [
  {
    id: 'told-once',
    why: 'A subscriber of an item and of its list hears of each change once',
    cases: ['double-subscriber-receives-patch-and-delete-twice'],
    rewrite: expecting(
      [1, [event('patch', { uri: '/apples/0', patch: { foo: 7 } })]],
      [2, [event('delete', { uri: '/apples/0' })]],
    ),
  },
  {
    id: 'one-resource',
    why: 'A URI is one resource however many slashes are in front; each subscriber is told in its own spelling',
    cases: ['uri-without-leading-slash-matches-route-but-uses-its-own-room'],
    rewrite: expecting(
      [3, [event('create', { uri: '/apples/', resource: { foo: 3, bar: null } })]],
      [5, [event('patch', { uri: '/apples/0', patch: { foo: 4 } })]],
      [6, [event('patch', { uri: 'apples/0', patch: { foo: 5 } })]],
    ),
  },
  {
    id: 'one-spelling',
    why: 'An id that is spelled `00` is another one, which is not there',
    cases: ['rooms-are-raw-strings-leading-zero-is-another-room'],
    rewrite: steps =>
      expecting([1, []])(steps).map(step =>
        step.expectStore ? { ...step, expectStore: { '0': apples[0], '1': apples[1] } } : step,
      ),
  },
  {
    id: 'getter-refuses',
    why: 'A getter that refuses is heard: the URI is not held',
    cases: ['subscribe-getter-http-abort-is-swallowed-and-joined'],
    rewrite: steps =>
      expecting([0, [event('api_error', { error: 'NotFoundError', message: 'There is nothing here' })]])(steps).map(
        step => (step.rooms ? { ...step, rooms: [] } : step),
      ),
  },
  {
    id: 'namespaces-work',
    why: 'On a namespace everything is as it is on the main one: the README version',
    cases: ['namespace-create-subscribe-broken-as-coded'],
    rewrite: steps =>
      expecting(
        [0, [event('state', { uri: '/apples/', resource: apples })]],
        [1, [event('create', { uri: '/apples/', resource: { foo: 3, bar: null } })]],
        [2, [event('patch', { uri: '/apples/0', patch: { foo: 4 } })]],
        [3, [event('api_error', { error: 'InvalidRequestError', message: 'missing URI' })]],
      )(steps).map((step, i) =>
        step.expectStore && i === steps.findLastIndex(one => one.expectStore)
          ? { ...step, expectStore: { ...step.expectStore, '0': { foo: 4, bar: 'koala' } } }
          : step,
      ),
  },
  {
    id: 'readme-create',
    why: 'What was created in a list is told to the list; the README speaks of the resource that is subscribed to',
    cases: ['readme-subscriber-of-item-does-not-see-create'],
    rewrite: steps => steps,
  },
  {
    id: 'readme-state',
    why: 'A URI that nothing serves is held without a state',
    cases: ['readme-state-always-follows-subscribe'],
    rewrite: steps => steps,
  },
]

export function departed(one: SocketApiCase, tell: (id: string) => void): readonly Step[] {
  let { steps } = one
  for (const departure of departures) {
    if (!departure.cases.includes(one.name)) continue
    steps = departure.rewrite(steps)
    tell(departure.id)
  }
  return steps
}
