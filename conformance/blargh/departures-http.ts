import type { HttpRecorded, HttpStep } from './vector.ts'

/** What an HTTP answer has to be; absent members are not compared. */
export interface HttpExpected {
  readonly status: number | 'refused'
  readonly json?: unknown
  readonly allow?: readonly string[]
}

export interface HttpAt {
  readonly case: string
  readonly index: number
  readonly step: HttpStep
  readonly recorded: HttpRecorded
  /** Path below the API's prefix. */
  readonly path: readonly string[]
  readonly query: URLSearchParams
  /** Ids of the collection that the path names, before the step. */
  readonly exists: (object: string, id: string) => boolean
}

/** Departures of the HTTP face, as in departures.ts: why, and what is expected instead (null = it does not speak of it). */
export interface HttpDeparture {
  readonly id: string
  readonly why: string
  rewrite(at: HttpAt, expected: HttpExpected): HttpExpected | null
}

const words = new Set(['filter', 'sort', 'limit', 'offset', 'cursor', 'depth', 'include', 'fields', 'total', 'q'])
const refused = (status: number): HttpExpected => ({ status })

export const httpDepartures: readonly HttpDeparture[] = [
  {
    id: 'wrong-verb-405',
    why: 'RFC 9110 §15.5.6',
    rewrite: ({ step, path }) => {
      const [, id] = path
      const wrong = id === undefined ? ['PUT', 'PATCH', 'DELETE'] : ['POST']
      return wrong.includes(step.method) ? refused(405) : null
    },
  },
  {
    id: 'delete-answers-204',
    why: 'RFC 9110 §15.3.5: a deletion has no content',
    rewrite: ({ step }, e) => (step.method === 'DELETE' && e.status === 200 ? { status: 204 } : null),
  },
  {
    id: 'replace-answers-200',
    why: 'RFC 9110 §9.3.4: 201 only if PUT created',
    rewrite: ({ step, path: [object = '', id = ''], exists }, e) =>
      step.method === 'PUT' && e.status === 201 && exists(object, id) ? { ...e, status: 200 } : null,
  },
  {
    id: 'options-answers-204',
    why: 'RFC 9110 §9.3.7: no content, and Allow names what this URI takes',
    rewrite: ({ step, path: [, id] }) =>
      step.method === 'OPTIONS'
        ? { status: 204, allow: id === undefined ? ['GET', 'HEAD', 'POST'] : ['DELETE', 'GET', 'HEAD', 'PATCH', 'PUT'] }
        : null,
  },
  {
    id: 'slash-at-the-end',
    why: 'A slash at the end changes nothing: /cookie/ is the list, /cookie/1/ its row',
    rewrite: ({ step, path }) =>
      step.method === 'GET' && path.length > 1 && path.at(-1) === '' ? { status: 200 } : null,
  },
  {
    id: 'missing-reference-400',
    why: '404 speaks of the target only',
    rewrite: ({ step }, e) => (e.status === 404 && ['POST'].includes(step.method) ? refused(400) : null),
  },
  {
    id: 'bad-id-404',
    why: 'An id that no row can have is a missing row',
    rewrite: ({ path: [, id] }, e) =>
      id !== undefined && !/^-?\d*$/.test(id) && e.status === 400 ? refused(404) : null,
  },
  {
    id: 'client-fault-is-not-500',
    why: 'A 500 that the input caused is 400',
    rewrite: (_, e) => (e.status === 500 ? refused(400) : null),
  },
  {
    id: 'media-type-415',
    why: 'RFC 9110 §15.5.16: only JSON is read',
    rewrite: ({ step }) =>
      ['POST', 'PUT', 'PATCH'].includes(step.method) && !/^application\/([\w.-]+\+)?json\b/.test(step.contentType ?? '')
        ? refused(415)
        : null,
  },
  {
    id: 'parameters-are-known-and-single',
    why: 'Unknown, repeated or misplaced parameters are 400',
    rewrite: ({ step, path: [, id], query }) => {
      if (step.method !== 'GET') return null
      const names = [...query.keys()]
      const item = id !== undefined && id !== ''
      const odd = names.some(name => !words.has(name) || (item && ['filter', 'sort', 'limit'].includes(name)))
      return odd || new Set(names).size < names.length ? refused(400) : null
    },
  },
  {
    id: 'limit-is-a-count',
    why: 'limit is 0 or more',
    rewrite: ({ query }) => (query.get('limit')?.startsWith('-') ? refused(400) : null),
  },
  {
    id: 'sort-by-name',
    why: 'sort=id is the flat form; null and a text are neither form',
    rewrite: ({ query, recorded }) => {
      const sort = query.get('sort')
      if (sort === 'null' || sort === '"id"') return refused(400)
      return sort === 'id' && recorded.status === 400 ? { status: 200 } : null
    },
  },
]
