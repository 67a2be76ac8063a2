/** What an answer has to be; absent members are not compared. */
export interface Expected {
  readonly status: number
  readonly contentType?: string
  readonly body?: unknown
  readonly rawBody?: string
  readonly text?: string
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  /** null = none goes out. */
  readonly token?: {
    readonly payload: unknown
    readonly header: unknown
    readonly inHeader: boolean
    readonly inCookie: boolean
  } | null
  /** It is a page of the host framework, which is no part of the contract. */
  readonly bodyNote?: string
}

export interface At {
  readonly case: string
  readonly index: number
  readonly method: string
  readonly path: string
}

/** Where the answer differs from restaction's on purpose: why, and what is expected instead (null = it does not speak of it). */
export interface Departure {
  readonly id: string
  readonly why: string
  rewrite(at: At, expected: Expected): Expected | null
}

/** The whole table. */
export const departures: readonly Departure[] = [
  {
    id: 'errors-are-problems',
    why: 'RFC 9457, on every face: status, error and message are members of it; pages of the host framework are not told',
    rewrite: (_, { status, headers, token, bodyNote, ...rest }) =>
      status < 400
        ? null
        : {
            status,
            ...(bodyNote === undefined && 'body' in rest ? { body: rest.body } : {}),
            ...(headers && { headers }),
            ...(token === undefined ? {} : { token }),
          },
  },
  {
    id: 'separators',
    why: 'JSON without spaces; values and the order of members are the same',
    rewrite: (_, expected) => {
      if (expected.rawBody === undefined || expected.status >= 400) return null
      const { rawBody, ...rest } = expected
      return { ...rest, body: JSON.parse(rawBody) as unknown }
    },
  },
  {
    id: 'json-has-no-charset',
    why: 'it is always UTF-8 (RFC 8259 §8.1, §11)',
    // Meta data is written for restaction's own clients, and as they know it.
    rewrite: ({ case: name }, expected) =>
      expected.contentType === 'application/json; charset=utf-8' && !isMeta(name)
        ? { ...expected, contentType: 'application/json' }
        : null,
  },
  {
    id: 'head-is-get-without-body',
    why: 'RFC 9110 §9.3.2',
    rewrite: ({ case: name, index }) => (name === 'auth basic' && index === 8 ? { status: 403, token: null } : null),
  },
  {
    id: 'both-forms-of-a-path',
    why: 'a path with a slash at its end is the same, without a redirect',
    rewrite: ({ path }) => (path === '/userinfo/' ? { status: 200, body: 'underscore' } : null),
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
    id: 'no-secret-is-a-random-one',
    why: 'tokens then end with the process; in production the start is refused',
    rewrite: ({ case: name }) => (name === 'login without secret key -> 500' ? { status: 200, body: 'OK' } : null),
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
    id: 'responses-go-through',
    why: 'a Response is no bag of attributes that an output schema could shape',
    rewrite: ({ path }) => (path === '/t/badout' ? { status: 200, text: 'x' } : null),
  },
  {
    id: 'own-documentation',
    why: 'the page and its parts are our own; the client `?f=res.js` is the same to those who use it, in other words',
    rewrite: ({ path, case: name }, { status, headers, token }) =>
      path.includes('f=docs.')
        ? isMeta(name)
          ? { status: 404 }
          : { status, ...(token === undefined ? {} : { token }), ...(headers && { headers: {} }) }
        : null,
  },
  {
    id: 'no-tuples',
    why: 'an array is data',
    rewrite: ({ case: name }) => (name === '4-tuple return -> 500' ? { status: 200, body: [1, 2, 3, 4] } : null),
  },
  {
    id: 'headers-are-merged',
    why: 'the original breaks where an action has header fields and a token goes out',
    rewrite: ({ case: name }) =>
      name === 'auth list headers + new token -> 500' ? { status: 200, body: 'OK', headers: { 'X-A': '1' } } : null,
  },
]

/** The documentation as a page of its own, not as a resource that roles guard. */
const isMeta = (name: string): boolean => name === 'meta minimal' || name === 'meta f='
