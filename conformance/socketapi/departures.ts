import { isDeepStrictEqual } from 'node:util'
import { isObject } from '../object.ts'
import { answering, backTo, follow, isMixed, uriOf, urisIn, withUris } from './rewrite.ts'
import { matches, parentOf, slashed } from './uri.ts'
import type { Event, HandlerVector, SetupVector, SocketApiCase, Step } from './vector.ts'

/** Plays steps, and tells them with what was found in place of what was recorded. */
export type Observe = (setup: SetupVector, steps: readonly Step[]) => Promise<readonly Step[]>

/** Where Socket.IO is answered otherwise than the recorded ancestor did: other steps, or null = it does not speak of the case. */
interface Departure {
  readonly id: string
  readonly why: string
  rewrite(one: SocketApiCase, observe: Observe): Promise<readonly Step[] | null> | readonly Step[] | null
}

/** What a client is told of a status that a handler gives up with, by the name of the error. */
const names: Readonly<Record<number, string>> = {
  400: 'InvalidRequestError',
  401: 'UnauthenticatedError',
  403: 'ForbiddenError',
  404: 'NotFoundError',
}

export const departures: readonly Departure[] = [
  {
    id: 'namespaces-work',
    why: 'On a namespace everything is as it is on the main one; the original mixed the two up',
    rewrite: async ({ setup, steps }, observe) => {
      if (setup.namespace == null || setup.namespace === '/') return null
      const { namespace: own, ...without } = setup
      const isOn = ({ namespace = '/' }: Step): boolean => namespace === own
      // What is said on another namespace reaches nobody: there is nothing to hear either.
      if (!steps.every(step => step.client === undefined || isOn(step))) return null
      const plain = steps.map(step => ({ ...step, namespace: '/' }))
      const seen = await observe(without, plain)
      return steps.map((step, i) => ({
        ...seen[i]!,
        ...(step.namespace !== undefined && { namespace: step.namespace }),
      }))
    },
  },
  {
    id: 'one-resource',
    why: 'A URI is one resource however many slashes are in front; each subscriber is told in its own spelling',
    rewrite: async ({ setup, steps }, observe) => {
      const spelt = steps.flatMap(urisIn).filter(uri => slashed(uri) !== uri)
      if (spelt.length === 0 || !isMixed(steps)) return null
      const seen = await observe(
        setup,
        steps.map(step => withUris(step, slashed)),
      )
      return seen.map((step, i) => backTo(steps, i, step))
    },
  },
  {
    id: 'nobody-else-hears',
    why: 'What happens to an item is told to who follows it or its list; the original told everyone if no slash is in its URI',
    rewrite: ({ steps }) => {
      const held = new Map<string, Set<string>>()
      let isTold = false
      const out = steps.map(step => {
        follow(held, step)
        if (!step.expect) return step
        const own = held.get(step.client ?? '') ?? new Set()
        const expect = step.expect.filter(event => {
          const uri = uriOf(event)
          const isStray =
            uri !== null && !uri.includes('/') && event.event !== 'state' && ![uri, '', '/'].some(one => own.has(one))
          isTold ||= isStray
          return !isStray
        })
        return { ...step, expect }
      })
      return isTold ? out : null
    },
  },
  {
    id: 'one-spelling',
    why: 'An id that is spelled `00` is another one, which no route takes',
    rewrite: async ({ setup, steps }, observe) => {
      const aliases = steps.flatMap(urisIn).filter(uri => /\/0\d+(\/|$)/.test(uri) && isTaken(setup, uri))
      if (aliases.length === 0) return null
      // The same case with a word in its place that no number has.
      const odd = (uri: string): string => uri.replaceAll(/\/(0\d+)(?=\/|$)/g, '/x$1')
      const seen = await observe(
        setup,
        steps.map(step => withUris(step, odd)),
      )
      return JSON.parse(JSON.stringify(seen).replaceAll(/\/x(0\d+)(?=[/"'\\])/g, '/$1')) as readonly Step[]
    },
  },
  {
    id: 'refusals-are-told',
    why: 'A handler that gives up with an HTTP status is heard as an error of the client, also by who subscribes, who does not hold the URI then',
    rewrite: ({ setup, steps }) => refusalsTold(setup, steps),
  },
  {
    id: 'uris-are-texts',
    why: 'A URI of another type is a mistake of the client, and told as one',
    rewrite: ({ steps }) => {
      const isOdd = ({ send }: Step): boolean => {
        const [first] = send?.args ?? []
        return (
          ['create', 'patch', 'delete'].includes(send?.event ?? '') &&
          isObject(first) &&
          'uri' in first &&
          typeof first['uri'] !== 'string'
        )
      }
      if (!steps.some(isOdd)) return null
      return answering(steps, step => isOdd(step), {
        event: 'api_error',
        args: [{ error: 'InvalidRequestError', message: '#/uri: must be a text' }],
      })
    },
  },
  {
    id: 'texts-of-the-language',
    why: 'What a language says of a mistake in a call is said while debugging only, and in its own words',
    rewrite: ({ setup, steps }) => {
      const isOwn = ({ event, args: [told] }: Event): boolean =>
        event === 'server_error' &&
        isObject(told) &&
        told['error'] === 'TypeError' &&
        typeof told['message'] === 'string'
      if (!steps.some(step => step.expect?.some(isOwn)) || setup.debug !== true) return null
      const portable = { 'args.0.message': 'in the words of the language' }
      return steps.map(step =>
        step.expect?.some(isOwn) ? { ...step, portable: { ...step.portable, ...portable } } : step,
      )
    },
  },
  {
    id: 'told-once',
    why: 'A subscriber of an item and of its list hears of each change once',
    rewrite: ({ steps }) => {
      const held = new Map<string, Set<string>>()
      let isTold = false
      const out = steps.map(step => {
        follow(held, step)
        if (!step.expect) return step
        const own = held.get(step.client ?? '') ?? new Set()
        const expect: Event[] = []
        for (let i = 0; i < step.expect.length; i++) {
          const event = step.expect[i]!
          expect.push(event)
          const uri = uriOf(event)
          // Where no slash is, the list's room was everyone's.
          const isBoth = uri !== null && own.has(uri) && (own.has(parentOf(uri)) || !uri.includes('/'))
          if (!isBoth || event.event === 'state' || !isDeepStrictEqual(step.expect[i + 1], event)) continue
          isTold = true
          i++
        }
        return { ...step, expect }
      })
      return isTold ? out : null
    },
  },
]

const kindOf: Readonly<Record<string, HandlerVector['kind']>> = {
  create: 'creator',
  patch: 'patcher',
  delete: 'deleter',
  subscribe: 'getter',
}

/** The status with which the handlers of a message give up; null = they do not. */
function statusOf({ handlers = [] }: SetupVector, step: Step): number | null {
  const [uri] = urisIn(step)
  const kind = kindOf[step.send?.event ?? '']
  if (uri === undefined || kind === undefined) return null
  const all = handlers.filter(one => one.kind === kind && matches(one.rule, uri))
  const first = all.find(one => one.do === 'abort' || one.do === 'throw')
  return first?.do === 'abort' ? (first.status ?? 404) : null
}

function refusalsTold(setup: SetupVector, steps: readonly Step[]): readonly Step[] | null {
  const refused = steps.map(step => statusOf(setup, step))
  if (refused.every(status => status === null)) return null
  let out = steps
  for (const [index, status] of refused.entries()) {
    if (status === null || status >= 500) continue
    const told = { event: 'api_error', args: [{ error: names[status] ?? '…', message: '…' }] }
    const free = ['args.0.message', ...(names[status] === undefined ? ['args.0.error'] : [])]
    out = answering(out, (_, i) => i === index, told, free)
    const step = steps[index]!
    if (step.send?.event !== 'subscribe') continue
    const [uri] = urisIn(step)
    out = out.map((one, i) =>
      i > index && one.client === step.client && one.rooms
        ? { ...one, rooms: one.rooms.filter(room => room !== uri) }
        : one,
    )
  }
  return out
}

function isTaken({ handlers = [] }: SetupVector, uri: string): boolean {
  return handlers.some(({ rule }) => rule.includes('<int') && matches(rule, uri))
}
