import { castable, keyTypeOf } from './cast.ts'
import { collection, objectOf, represent, rowOf } from './oracle.ts'
import type { HttpRecorded, HttpStep, ModelVector, Rows } from './vector.ts'

/** What an HTTP answer has to be; absent members are not compared. */
export interface HttpExpected {
  readonly status: number | 'refused'
  readonly json?: unknown
  readonly allow?: readonly string[]
  /** Codes of which a problem has to tell one, as its own or an issue's. */
  readonly codes?: readonly string[]
}

export interface HttpAt {
  readonly model: ModelVector
  readonly step: HttpStep
  readonly recorded: HttpRecorded
  /** What the path names: an object, and what is behind it in further segments. */
  readonly object: string | null
  readonly rest: readonly string[]
  readonly query: URLSearchParams
  /** The rows before the step, as dumps show them. */
  readonly before: Rows
}

/** Departures of the HTTP face, as in departures.ts: why, and what is expected instead (null = it does not speak of it). */
export interface HttpDeparture {
  readonly id: string
  readonly why: string
  rewrite(at: HttpAt, expected: HttpExpected): HttpExpected | null
}

const words = new Set(['filter', 'sort', 'limit', 'offset', 'cursor', 'depth', 'include', 'fields', 'total', 'q'])
const ofCollections = new Set(['filter', 'sort', 'limit', 'offset', 'cursor', 'total', 'q'])
const refused = (status: number, ...codes: readonly string[]): HttpExpected => ({
  status,
  ...(codes.length > 0 && { codes }),
})

/** The id segment of the path; an empty one, after a slash at the end, is none. */
const idIn = ({ rest }: HttpAt): string | undefined => (rest[0] === '' ? undefined : rest[0])

/** What the path shows at its depth, as rows or as one row. */
function shown(at: HttpAt, sort?: readonly string[]): unknown {
  const { model, before, object, query } = at
  const depth = Number(query.get('depth') ?? 1)
  const id = idIn(at)
  if (object === null) return undefined
  if (id === undefined) return collection(model, before, { name: object, depth, ...(sort && { sort }) })
  const key = keyTypeOf(model, object) === 'int' ? Number(id) : id
  return rowOf(model, before, object, key) && represent(model, before, object, key, depth)
}

export const httpDepartures: readonly HttpDeparture[] = [
  {
    id: 'wrong-verb-405',
    why: 'RFC 9110 §15.5.6: a method that a resource does not take',
    rewrite: ({ step, object, rest }) => {
      if (object === null) return null
      const wrong = rest.length === 0 ? ['PUT', 'PATCH', 'DELETE'] : ['POST']
      return wrong.includes(step.method) ? refused(405, 'method_not_allowed') : null
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
    rewrite: (at, e) => (at.step.method === 'PUT' && e.status === 201 && shown(at) ? { ...e, status: 200 } : null),
  },
  {
    id: 'options-answers-204',
    why: 'RFC 9110 §9.3.7: no content, and Allow names what this URI takes',
    rewrite: at =>
      at.step.method === 'OPTIONS'
        ? {
            status: 204,
            allow: idIn(at) === undefined ? ['GET', 'HEAD', 'POST'] : ['DELETE', 'GET', 'HEAD', 'PATCH', 'PUT'],
          }
        : null,
  },
  {
    id: 'lists-have-uris',
    why: 'The rows of a to-many relation are a list at a URI of their own: /jar/1/cookies',
    rewrite: at => {
      const { model, before, object, rest, step, query } = at
      const [id, name] = rest
      if (step.method !== 'GET' || object === null || rest.length !== 2 || name === '') return null
      const relation = objectOf(model, object)?.fields.find(field => field.ext_name === name)
      const row = rowOf(model, before, object, keyTypeOf(model, object) === 'int' ? Number(id) : id)
      if (relation?.kind !== 'rel' || !relation.multi || relation.hidden || row === undefined) return null
      const depth = Number(query.get('depth') ?? 1)
      const ids = row[name!] as readonly unknown[]
      return { status: 200, json: ids.map(one => represent(model, before, relation.stores, one, depth)) }
    },
  },
  {
    id: 'slash-at-the-end',
    why: 'A slash at the end changes nothing: /cookie/ is the list, /cookie/1/ its row',
    rewrite: (at, e) =>
      at.step.method === 'GET' && at.rest.at(-1) === '' && e.status === 404 ? { status: 200, json: shown(at) } : null,
  },
  {
    id: 'missing-reference-400',
    why: '404 speaks of the target of the request only; a body that names a missing row is 400 `reference`',
    rewrite: (at, e) =>
      e.status === 404 && at.object !== null && (at.step.method === 'POST' || (at.step.body && shown(at) !== undefined))
        ? refused(400, 'reference')
        : null,
  },
  {
    id: 'bad-id-404',
    why: 'An id that no row can have is a missing row',
    rewrite: (at, e) => {
      const id = idIn(at)
      if (id === undefined || at.object === null || e.status !== 400) return null
      return castable(id, keyTypeOf(at.model, at.object)) ? null : refused(404, 'not_found')
    },
  },
  {
    id: 'client-fault-is-not-500',
    why: 'A 500 that the input caused is 400',
    rewrite: (_, e) => (e.status === 500 ? refused(400, 'validation', 'bad_request', 'type') : null),
  },
  {
    id: 'media-type-415',
    why: 'RFC 9110 §15.5.16: only JSON is read',
    rewrite: ({ step }) =>
      ['POST', 'PUT', 'PATCH'].includes(step.method) &&
      !/^application\/([\w.-]+\+)?json\b/i.test(step.contentType ?? '')
        ? refused(415, 'unsupported_media_type')
        : null,
  },
  {
    id: 'parameters-are-known-and-single',
    why: 'Unknown, repeated or misplaced parameters are refused, not passed over',
    rewrite: ({ step, rest, query }) => {
      if (step.method !== 'GET') return null
      const names = [...query.keys()]
      const isItem = rest.length > 0 && rest[0] !== ''
      const isOdd = names.some(name => !words.has(name) || (isItem && ofCollections.has(name)))
      return isOdd || new Set(names).size < names.length ? refused(400) : null
    },
  },
  {
    id: 'limit-is-a-count',
    why: 'limit is 0 or more',
    rewrite: ({ query }) => (query.get('limit')?.startsWith('-') ? refused(400, 'range', 'type') : null),
  },
  {
    id: 'sort-by-name',
    why: 'sort=id,-name is a list of names in its flat form; null and a text in JSON are in neither form',
    rewrite: (at, e) => {
      const sort = at.query.get('sort')
      if (sort === null || at.step.method !== 'GET') return null
      if (sort === 'null' || sort.startsWith('"')) return refused(400)
      const names = sort.split(',')
      const fields = at.object === null ? [] : (objectOf(at.model, at.object)?.fields.map(f => f.ext_name) ?? [])
      const isFlat = names.every(name => fields.includes(name.replace(/^-/, '')))
      return isFlat && e.status === 400 ? { status: 200, json: shown(at, names) } : null
    },
  },
]
