import type { ChannelsCase, Step } from './vector.ts'

/** Where the envelope answers otherwise than the recorded ancestors did. */
interface Departure {
  readonly id: string
  readonly why: string
  readonly cases: readonly string[]
  rewrite(steps: readonly Step[]): readonly Step[]
}

type Payload = Readonly<Record<string, unknown>>

const answer = (
  action: unknown,
  status: number,
  data: unknown,
  errors: unknown[] = [],
  request_id: unknown = 'r1',
): object => ({
  stream: 'questions',
  payload: { errors, data, action, response_status: status, request_id },
})

/** Other frames at the n-th `expect` step; null = as recorded. */
const expecting =
  (...others: readonly (readonly object[] | null)[]) =>
  (steps: readonly Step[]): readonly Step[] => {
    let n = -1
    return steps.map(step => {
      if (!step.expect) return step
      n++
      const other = others[n]
      return other ? { ...step, expect: other } : step
    })
  }

const push = (action: string, pk: number, data: Payload): object => ({
  stream: 'questions',
  payload: { action, pk, data, model: 'vec.question' },
})

export const departures: readonly Departure[] = [
  {
    id: 'no-silence',
    why: 'What the ancestor passes over in silence is answered in the envelope',
    cases: [], // every step with `serverError`: the runner expects one reply to it
    rewrite: steps => steps,
  },
  {
    id: 'unsubscribe',
    why: 'Both dialects take unsubscribe',
    cases: ['action-is-case-sensitive-and-internal-method-names-are-not-actions'],
    rewrite: expecting(null, null, [answer('unsubscribe', 200, { action: 'update' })]),
  },
  {
    id: 'every-writer-is-logged',
    why: 'Bulk writes are pushed like any other',
    cases: ['bulk-operations'],
    rewrite: expecting(
      null,
      [push('update', 1, { id: 1, question_text: 'q1', votes: 9, published: false })],
      [push('create', 2, { id: 2, question_text: 'z', votes: 0, published: false })],
    ),
  },
  {
    id: 'pk-in-data',
    why: 'An action finds pk in data as well: the README version',
    cases: ['custom-detail-action-readme-pk-inside-data-is-not-seen'],
    rewrite: expecting([answer('test_detail', 200, 'q1')]),
  },
  {
    id: 'ids-are-not-guessed',
    why: 'true and 1.7 are no ids (a quirk of the ancestor)',
    cases: ['retrieve-object-pk-is-404'],
    rewrite: expecting(
      null,
      null,
      [answer('retrieve', 404, null, ['Not found.'])],
      [answer('retrieve', 404, null, ['Not found.'])],
    ),
  },
  {
    id: 'answers-are-data',
    why: 'What an action returns is its answer, whatever it is',
    cases: ['custom-action-not-returning-a-pair-no-reply'],
    rewrite: steps =>
      expecting(
        [answer('a', 200, null)],
        [answer('b', 200, { k: 1 })],
        [answer('c', 200, 'ab')],
      )(steps.map(step => ({ ...step, serverError: undefined }) as unknown as Step)),
  },
  {
    id: 'known-events',
    why: 'Only events that there are can be subscribed to (a quirk of the ancestor)',
    cases: ['subscribe-unknown-action-is-accepted-never-fires'],
    rewrite: expecting([answer('subscribe', 400, null, ['Invalid Action'])]),
  },
  {
    id: 'zero-is-an-id',
    why: 'pk 0 is a row, "" is none; neither means all rows (a quirk of the ancestor)',
    cases: ['subscribe-falsy-pk-means-all'],
    rewrite: expecting(null, [answer('subscribe', 404, null, ['Not found.'])], []),
  },
  {
    id: 'rules-hold-for-pushes',
    why: 'What a stream does not show it does not push either (a quirk of the ancestor that its authors would not want)',
    cases: ['filter_queryset-does-not-filter-pushes'],
    rewrite: expecting(null, []),
  },
  {
    id: 'streams-are-apart',
    why: 'What one stream hides another does not push (a quirk of the ancestor)',
    cases: ['two-streams-one-model-share-groups'],
    rewrite: expecting(null, [push('update', 1, { id: 1, question_text: 'q1', votes: 2, published: false })]),
  },
  {
    id: 'subscriptions-know-ids',
    why: 'A subscription speaks of ids, and a text is no integer id (a quirk of the ancestor)',
    cases: ['lookup_field-override'],
    rewrite: expecting(null, [answer('subscribe', 404, null, ['Not found.'])]),
  },
]

export function departed(one: ChannelsCase, tell: (id: string) => void): readonly Step[] {
  let { steps } = one
  if (steps.some(step => step.serverError !== undefined)) tell('no-silence')
  for (const departure of departures) {
    if (!departure.cases.includes(one.name)) continue
    steps = departure.rewrite(steps)
    tell(departure.id)
  }
  return steps
}
