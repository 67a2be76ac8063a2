import { isObject } from '../object.ts'
import type { ActionVector, Members, StreamVector } from './vector.ts'

/** A request that was sent, and the answer that was recorded for it. */
export interface Asked {
  readonly stream: StreamVector | null
  readonly payload: Members
  readonly answer: Members
  /** What is in the rows when it is sent. */
  readonly rows: readonly Members[]
}

/** A push that was recorded, and what its client follows. */
export interface Pushed {
  readonly stream: StreamVector | null
  readonly payload: Members
  readonly followed: readonly Followed[]
  readonly name: string
}

/** What a client has asked to be told: an event of a stream, of all rows (null) or of one. */
export interface Followed {
  readonly stream: string
  readonly action: unknown
  readonly pk: unknown
}

interface Rule {
  readonly id: string
  /** Why the envelope answers otherwise than the recorded ancestors did. */
  readonly why: string
}

/** Rules about answers: another payload, or null = it does not speak of the request. */
export const answerRules: readonly (Rule & { readonly rewrite: (asked: Asked) => Members | null })[] = [
  {
    id: 'unsubscribe',
    why: 'Both dialects take unsubscribe',
    rewrite: ({ payload, answer }) =>
      payload['action'] === 'unsubscribe' && isInvalidAction(answer) && isObject(payload['data'])
        ? { ...answer, errors: [], data: { action: payload['data']['action'] }, response_status: 200 }
        : null,
  },
  {
    id: 'pk-in-data',
    why: 'An action of a row finds pk in data as well, where the README of the original puts it',
    rewrite: ({ stream, payload, answer, rows }) => {
      const own = actionOf(stream, payload['action'])
      const { data } = payload
      if (own?.scope !== 'detail' || payload['pk'] != null || !isObject(data) || data['pk'] == null) return null
      const row = rows.find(row => String(keyOf(row)) === String(data['pk']))
      if (!row || answer['response_status'] !== 404) return null
      return {
        ...answer,
        errors: [],
        data: own.do === 'field' ? row[own.field ?? ''] : own.value,
        response_status: own.status ?? 200,
      }
    },
  },
  {
    id: 'ids-are-not-guessed',
    why: 'true and 1.7 are no ids',
    rewrite: ({ payload, answer }) => {
      const { pk } = payload
      const isGuessed = typeof pk === 'boolean' || (typeof pk === 'number' && !Number.isInteger(pk))
      return isGuessed && detail.has(payload['action']) && answer['response_status'] === 200 ? missing(answer) : null
    },
  },
  {
    id: 'answers-are-data',
    why: 'What an action returns is its answer, whatever it is',
    rewrite: ({ stream, payload, answer }) => {
      const own = actionOf(stream, payload['action'])
      return own?.do === 'notTuple' ? { ...answer, errors: [], data: own.value, response_status: 200 } : null
    },
  },
  {
    id: 'actions-have-their-row',
    why: 'An action of a row is one of a row that there is',
    rewrite: ({ stream, payload, answer, rows }) => {
      const own = actionOf(stream, payload['action'])
      const isThere = rows.some(row => String(keyOf(row)) === String(payload['pk']))
      return own?.scope === 'detail' && !isThere && Number(answer['response_status']) < 300 ? missing(answer) : null
    },
  },
  {
    id: 'known-events',
    why: 'Only events that there are can be subscribed to',
    rewrite: ({ payload, answer }) => {
      const { action, data } = payload
      if (action !== 'subscribe' || !isObject(data) || answer['response_status'] !== 200) return null
      if (events.has(data['action'])) return null
      return { ...answer, errors: ['Invalid Action'], data: null, response_status: 400 }
    },
  },
  {
    id: 'subscriptions-know-ids',
    why: 'A subscription speaks of ids: "" is none, and a text is no integer',
    rewrite: ({ stream, payload, answer }) => {
      const { action } = payload
      const pk = payload['pk'] ?? (isObject(payload['data']) ? payload['data']['pk'] : null)
      if (action !== 'subscribe' || answer['response_status'] !== 200 || pk == null) return null
      const isText = stream?.model === 'tag'
      const isId = isText ? pk !== '' : Number.isInteger(pk) || (typeof pk === 'string' && /^\s*[+-]?\d+\s*$/.test(pk))
      return isId ? null : missing(answer)
    },
  },
]

/** Rules about pushes that clients are not sent. */
export const pushRules: readonly (Rule & { readonly drops: (pushed: Pushed) => boolean })[] = [
  {
    id: 'rules-hold-for-pushes',
    why: 'What a stream does not show it does not push either',
    drops: ({ stream, payload }) =>
      Object.entries(stream?.filter ?? {}).some(([name, value]) => (payload['data'] as Members)?.[name] !== value),
  },
  {
    id: 'streams-are-apart',
    why: 'What one stream is asked for another does not push',
    drops: ({ followed, name }) => !followed.some(one => one.stream === name),
  },
  {
    id: 'zero-is-an-id',
    why: 'pk 0 is a row and "" is none: neither means all rows, and neither does a pk in data',
    drops: ({ followed, name, payload }) => {
      const own = followed.filter(one => one.stream === name && one.action === payload['action'])
      return own.length > 0 && own.every(one => one.pk !== null && String(one.pk) !== String(payload['pk']))
    },
  },
]

/** Rules that the player applies: it alone knows what writes come to. */
export const writeRules: readonly Rule[] = [
  { id: 'no-silence', why: 'What the ancestor passes over in silence is answered in the envelope' },
  { id: 'every-writer-is-logged', why: 'Bulk writes are pushed like any other' },
  { id: 'unchanged-is-not-told', why: 'A write that changes nothing is no event' },
]

export const events: ReadonlySet<unknown> = new Set(['create', 'update', 'delete'])
const detail: ReadonlySet<unknown> = new Set(['retrieve', 'update', 'patch', 'delete'])

const missing = (answer: Members): Members => ({ ...answer, errors: ['Not found.'], data: null, response_status: 404 })

/** The key of a row: whatever its model calls it. */
export const keyOf = (row: Members): unknown => row['id'] ?? row['slug'] ?? row['pk']

const isInvalidAction = ({ errors }: Members): boolean => Array.isArray(errors) && errors[0] === 'Invalid Action'

function actionOf(stream: StreamVector | null, name: unknown): ActionVector | undefined {
  return stream?.customActions?.find(one => (one.name ?? one.method) === name)
}
