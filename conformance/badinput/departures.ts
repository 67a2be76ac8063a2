import { isObject } from '../object.ts'
import type { Expected, Vector } from './vector.ts'

/** Where Restuary answers otherwise than is listed: other statuses and codes, or null = it does not speak of the vector. */
interface Departure {
  readonly id: string
  readonly why: string
  rewrite(vector: Vector, expected: Expected): Expected | null
}

const resources: ReadonlySet<string> = new Set(['todos', 'users'])
/** Parameters that the file speaks of and that there are, in its words and in ours. */
const parameters: ReadonlySet<string> = new Set(
  'where filter count total expand include fields sort limit offset cursor depth at repeat'.split(' '),
)

export const departures: readonly Departure[] = [
  {
    id: 'known-methods',
    why: 'TRACE and CONNECT are methods that are known and not allowed here (RFC 9110 §15.5.6)',
    rewrite: ({ request: { method, raw } }, expected) =>
      /^(?:TRACE|CONNECT)\b/.test(raw ?? method ?? '') ? instead(expected, { code: 'method_not_allowed' }) : null,
  },
  {
    id: 'logins-are-posts',
    why: 'A login is a POST and leads nowhere; other methods are not allowed there',
    rewrite: ({ request: { method = 'GET', path = '' } }, expected) =>
      method === 'GET' && /^\/auth\/(?:login|token)\b/.test(path)
        ? instead(expected, { status: 405, code: 'method_not_allowed' })
        : null,
  },
  {
    id: 'parameters-are-known',
    why: 'A parameter that does not exist is told as such, whatever it names',
    rewrite: ({ transport, request: { method, path = '' } }, expected) => {
      // Where something else is the greater mistake, that is listed.
      const isAbout = expected.status?.some(status => status === 200 || status === 400) ?? false
      if (transport !== 'http' || method === 'RAW' || !isAbout) return null
      const names = [...new URLSearchParams(path.split(/\?(.*)/s)[1] ?? '').keys()]
      return resources.has(path.split(/[/?]/)[1]!) && names.some(name => !parameters.has(name))
        ? instead(expected, { status: 400, code: 'unknown_param' })
        : null
    },
  },
  {
    id: 'owners-are-required',
    why: 'A list whose rows must have an owner cannot be emptied, which would leave them without: that is a conflict',
    rewrite: ({ request: { path = '', body } }, expected) =>
      path.startsWith('/users/') && isObject(body) && Array.isArray(body['todos']) && body['todos'].length === 0
        ? instead(expected, { status: 409, code: 'conflict' })
        : null,
  },
  {
    id: 'events-have-names',
    why: 'Socket.IO has no event without a name: the packet is refused',
    rewrite: ({ request: { emit } }, expected) =>
      emit && typeof emit[0] !== 'string' ? instead(expected, { code: 'bad_packet' }) : null,
  },
  {
    id: 'unknown-events-are-ignored',
    why: 'An event that nothing listens to and that asks for no ack is ignored, as everywhere in Socket.IO',
    rewrite: ({ request: { rawPacket = '', emit, ack } }, expected) => {
      const [, event] = /^42\["((?:[^"\\]|\\.)*)"/.exec(rawPacket) ?? []
      const said = event ?? (ack || typeof emit?.[0] !== 'string' ? undefined : emit[0])
      return said !== undefined && !known.has(said) ? instead(expected, { code: 'silence' }) : null
    },
  },
  {
    id: 'unclaimed-uris-are-held',
    why: 'A URI that no resource claims is held on Socket.IO, and shows nothing until something is published there',
    rewrite: ({ transport, request: { emit = [] } }, expected) => {
      const [event, given] = emit
      if (transport !== 'socketio' || (event !== 'get' && event !== 'subscribe')) return null
      const uri = isObject(given) ? given['resource'] : given
      return typeof uri === 'string' && !resources.has(uri.split(/[/?]/).find(Boolean) ?? '')
        ? instead(expected, { code: 'ok' })
        : null
    },
  },
  {
    id: 'uris-name-rows',
    why: 'What is no id names no row of its resource: there is nothing there, as over HTTP',
    rewrite: ({ request: { emit = [] } }, expected) => {
      const [, id] = typeof emit[1] === 'string' ? (/^\/(?:todos|users)\/([^/?]+)$/.exec(emit[1]) ?? []) : []
      return id !== undefined && !/^\d+$/.test(id) ? instead(expected, { code: 'not_found' }) : null
    },
  },
]

const known: ReadonlySet<string> = new Set('subscribe unsubscribe create patch delete get list'.split(' '))

/** One answer in the place of those that are listed. */
function instead(listed: Expected, { status, code }: { status?: number; code: string }): Expected {
  return { ...listed, ...(listed.status && status !== undefined && { status: [status] }), code: [code] }
}
