import { readActionName } from '../../src/model/link/action-name.ts'
import { marks, parseDocs } from '../../src/dialects/restaction/docs.ts'
import { isObject } from '../object.ts'
import { contentTypeOf, type ResponseVector } from './handlers.ts'
import type { AppVector, Expected, HandlerVector, StartError, StepVector } from './vector.ts'

export interface At {
  readonly app: AppVector
  readonly step: StepVector
}

/** Where the answer differs from restaction's on purpose: why, and what is expected instead (null = it does not speak of it). */
export interface Departure {
  readonly id: string
  readonly why: string
  rewrite(at: At, expected: Expected): Expected | null
}

const problem = 'application/problem+json'

/** What an answer must be beside its content. */
const around = ({ status, headers, token }: Expected): Expected => ({
  status,
  ...(headers && { headers }),
  ...(token !== undefined && { token }),
})

export const departures: readonly Departure[] = [
  {
    id: 'head-is-get-without-body',
    why: 'RFC 9110 §9.3.2: HEAD is answered as GET is, without the content',
    rewrite: ({ app, step }, expected) => {
      const isImplied = step.request.method === 'HEAD' && actionAt(app, step) === null
      if (!isImplied || !actionAt(app, withRequest(step, { method: 'GET' })) || expected.status !== 405) return null
      return { ...like(expected, withRequest(step, { method: 'GET' })), text: '' }
    },
  },
  {
    id: 'both-forms-of-a-path',
    why: 'a path with a slash at its end is the same, without a redirect',
    rewrite: ({ step }, expected) => {
      const [path = '', query] = step.request.path.split(/\?(.*)/s)
      if (expected.status !== 404 || !/[^/]\/$/.test(path)) return null
      const other = path.slice(0, -1) + (query === undefined ? '' : `?${query}`)
      return like(expected, withRequest(step, { path: other }))
    },
  },
  {
    id: 'options-answers-204',
    why: 'RFC 9110 §9.3.7: no content, and Allow names what the URI takes',
    rewrite: ({ app, step }, expected) =>
      step.request.method === 'OPTIONS' && expected.status === 200 && actionAt(app, step) === null
        ? { ...around(expected), status: 204, text: '' }
        : null,
  },
  {
    id: 'no-secret-is-a-random-one',
    why: 'tokens then end with the process; in production the start is refused',
    rewrite: ({ app, step }, expected) =>
      app.auth && app.config?.SECRET_KEY === undefined && expected.status === 500
        ? like(expected, step, { ...app, config: { ...app.config, SECRET_KEY: 'any' } })
        : null,
  },
  {
    id: 'responses-go-through',
    why: 'a Response is no bag of attributes that an output schema could shape',
    rewrite: ({ app, step }, expected) => {
      const found = actionAt(app, step)
      const response = found?.handler['response'] as ResponseVector | undefined
      if (!response || !found?.doc?.includes('$output') || expected.text !== undefined) return null
      const { status = 200, body, mimetype = 'text/html' } = response
      return { status, text: body, contentType: contentTypeOf(mimetype) }
    },
  },
  {
    id: 'no-tuples',
    why: 'an array is data',
    rewrite: ({ app, step }, expected) => {
      const parts = actionAt(app, step)?.handler['tuple']
      return Array.isArray(parts) && parts.length > 3 && expected.status === 500
        ? { status: 200, contentType: 'application/json', body: parts }
        : null
    },
  },
  {
    id: 'headers-are-merged',
    why: 'the original breaks where an action answers with a list of header fields and a token goes out',
    rewrite: ({ app, step }, expected) => {
      const pairs = actionAt(app, step)?.handler['tupleHeaders'] as readonly [string, string][] | undefined
      if (!pairs || expected.status !== 500) return null
      return { status: 200, contentType: 'application/json', body: 'OK', headers: Object.fromEntries(pairs) }
    },
  },
  {
    id: 'faults-of-outputs-are-not-told',
    why: 'what is wrong with an output is for the log; clients learn that it is a fault of the server',
    rewrite: (_, expected) => {
      const { body } = expected
      if (expected.status !== 500 || !isObject(body) || body['error'] !== 'ServerError') return null
      return { ...around(expected), contentType: problem, body: { status: 500, error: 'ServerError' }, isSubset: true }
    },
  },
  {
    id: 'errors-are-problems',
    why: 'RFC 9457, on every face: status, error and message are members of it, and pages of a host framework are problems as well',
    rewrite: ({ step }, expected) => {
      const { status, body, bodyNote } = expected
      const isOwn = isObject(body) && 'status' in body && 'error' in body
      if (status < 400 || expected.contentType === problem || (!isOwn && bodyNote === undefined)) return null
      const isBare = step.request.method === 'HEAD'
      return {
        ...around(expected),
        ...(!isBare && { contentType: problem }),
        ...(isOwn && { body, isSubset: true }),
      }
    },
  },
  {
    id: 'separators',
    why: 'JSON without spaces; values and the order of members are the same',
    rewrite: (_, { rawBody, ...expected }) =>
      rawBody === undefined ? null : { ...expected, body: JSON.parse(rawBody) as unknown },
  },
  {
    id: 'json-has-no-charset',
    why: 'it is always UTF-8 (RFC 8259 §8.1, §11); meta data keep it, as restaction’s own clients know them',
    rewrite: ({ app, step }, expected) =>
      expected.contentType === 'application/json; charset=utf-8' && !isMeta(app, step)
        ? { ...expected, contentType: 'application/json' }
        : null,
  },
  {
    id: 'yaml-words-are-names',
    why: 'yes, no, on and off are texts, as in YAML 1.2: a field may have such a name, and a description be one',
    rewrite: ({ app, step }, expected) => {
      if (!isMeta(app, step) || !isObject(expected.body)) return null
      const body = { ...expected.body }
      for (const { name, doc, actions } of app.resources ?? []) {
        const own = { ...parseDocs(doc, marks.resource) }
        for (const [key, action] of Object.entries(actions)) own[key] = parseDocs(action.doc, marks.action)
        body[name.toLowerCase()] = withWords(body[name.toLowerCase()], own)
      }
      return { ...expected, body: withWords(body, parseDocs(app.docs, marks.api)) }
    },
  },
  {
    id: 'allow-in-any-order',
    why: 'RFC 9110 §10.2.1: a list',
    rewrite: (_, expected) => {
      const allow = expected.headers?.['Allow']
      return typeof allow === 'string'
        ? { ...expected, headers: { ...expected.headers, Allow: allow.split(', ').toSorted() } }
        : null
    },
  },
  {
    id: 'cookies-are-guarded',
    why: 'SameSite and Secure are added to what the original sets',
    rewrite: (_, expected) => {
      const cookie = expected.headers?.['Set-Cookie']
      if (typeof cookie !== 'string') return null
      return { ...expected, headers: { ...expected.headers, 'Set-Cookie': cookie.split('; ').toSorted() } }
    },
  },
  {
    id: 'own-page',
    why: 'the documentation page is our own, and whole: it has no further scripts and styles',
    rewrite: ({ step }, expected) => {
      const [, name] = /[?&]f=(docs\.[^&]*)/.exec(step.request.path) ?? []
      return name !== undefined && expected.status === 200 ? { status: 404, contentType: problem } : null
    },
  },
  {
    id: 'own-script',
    why: 'the page, and the client that `?f=res.js` hands out, say the same in other words',
    rewrite: (_, { bodyStartsWith, bodyLength, ...expected }) =>
      bodyStartsWith === undefined && bodyLength === undefined ? null : expected,
  },
]

/** Where an application starts that the original refuses. */
export interface StartDeparture {
  readonly id: string
  readonly why: string
  starts(app: AppVector, refused: StartError): boolean
}

export const startDepartures: readonly StartDeparture[] = [
  {
    id: 'own-validators-everywhere',
    why: 'What the API shares may use validators of the application, as what a resource shares may',
    starts: ({ validators = [] }, { message, position }) =>
      position?.startsWith('$shared.') === true && validators.some(name => message === `validator '${name}' not found`),
  },
]

const like = (expected: Expected, step: StepVector, app?: AppVector): Expected => ({
  ...around(expected),
  like: { step, ...(app && { app }) },
})

/** A value with the words that a text has in the places of its booleans. */
function withWords(value: unknown, written: unknown): unknown {
  if (typeof value === 'boolean' && typeof written === 'string' && /^(yes|no|on|off)$/i.test(written)) return written
  if (Array.isArray(value) && Array.isArray(written)) return value.map((one, i) => withWords(one, written[i]))
  if (!isObject(value) || !isObject(written)) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, withWords(one, written[name])]))
}

function withRequest(step: StepVector, other: Partial<StepVector['request']>): StepVector {
  return { ...step, request: { ...step.request, ...other } }
}

/** Whether a request is for meta data: where they are mounted, alone or as a resource. */
function isMeta({ meta_route, docs_resource }: AppVector, { request, expect }: StepVector): boolean {
  const path = request.path.split('?', 1)[0]
  return expect.status < 400 && (path === meta_route || (docs_resource === true && path === '/docs'))
}

/** The action that a request would call by restaction's rule of names; null = there is none. */
function actionAt(app: AppVector, { request }: StepVector): { doc: string | null; handler: HandlerVector } | null {
  const path = request.path.split('?', 1)[0]!
  const base = app.blueprint ? app.blueprint.url_prefix : ''
  for (const { name, actions } of app.resources ?? [])
    for (const [key, { doc = null, handler }] of Object.entries(actions)) {
      const named = readActionName(key)
      if (named === null || named.method.toLowerCase() !== request.method.toLowerCase()) continue
      if (path === `${base}/${name.toLowerCase()}${named.path === '' ? '' : `/${named.path}`}`) return { doc, handler }
    }
  return null
}
