import { isProblemDocument, queryText, type Answer, type Call, type Params, type Transport } from './call.ts'
import type { Again } from './follower.ts'
import { local, Problem } from './problem.ts'
import type { Session, Tokens } from './session.ts'

export interface HttpOptions {
  /** The base URL, without a slash at the end. */
  readonly base: string
  readonly fetch: typeof fetch
  /** The session is a cookie, which the browser keeps. */
  readonly cookies: boolean
}

/** A request as it is sent. */
export interface HttpRequest {
  readonly query?: Call['params']
  /** Lists in the query are JSON: the arguments of an action. */
  readonly json?: boolean
  readonly headers?: Readonly<Record<string, string | undefined>>
  readonly body?: BodyInit | undefined
  readonly signal?: AbortSignal | undefined
}

const METHODS = { list: 'GET', get: 'GET', create: 'POST', replace: 'PUT', patch: 'PATCH', delete: 'DELETE' } as const

/** Sends calls as requests. Credentials that have expired are renewed once, and the request is sent again. */
export class Http implements Transport {
  readonly #options: HttpOptions
  readonly #session: Session

  constructor(options: HttpOptions, session: Session) {
    this.#options = options
    this.#session = session
  }

  /** `again` decides whether a refused call is sent once more. */
  async call(call: Call, again: Again = () => null): Promise<Answer> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#call(call)
      } catch (problem) {
        const wait = again(problem as Problem, tries, call)
        if (!wait) throw problem
        await wait
      }
    }
  }

  async #call({ op, uri, params, data, ifMatch, key, min, method, signal }: Call): Promise<Answer> {
    const verb = op === 'act' ? (method ?? 'POST') : METHODS[op]
    const inQuery = op === 'act' && (verb === 'GET' || verb === 'DELETE')
    const type = op === 'patch' && Array.isArray(data) ? 'application/json-patch+json' : 'application/json'
    const body = inQuery ? undefined : (JSON.stringify(data) as string | undefined)
    const response = await this.send(verb, uri, {
      query: inQuery ? (data as Params) : params,
      json: inQuery,
      signal,
      body,
      headers: {
        'content-type': body && type,
        'if-match': ifMatch && `"${ifMatch}"`,
        'idempotency-key': key,
        'min-position': min,
      },
    })
    const links = response.headers.get('link') ?? ''
    const total = response.headers.get('x-total-count')
    return {
      status: response.status,
      data: await jsonOf(response),
      position: response.headers.get('position') ?? undefined,
      next: cursorIn(links, 'next'),
      previous: cursorIn(links, 'prev'),
      ...(total !== null && { total: Number(total) }),
    }
  }

  /** Resolves to a successful response. */
  async send(method: string, path: string, request: HttpRequest = {}): Promise<Response> {
    let token = await this.#session.token()
    for (let tries = 1; ; tries++) {
      const response = await this.fetch(method, path, request, token)
      if (response.ok) return response
      const problem = await problemOf(response)
      const isRenewable = problem.status === 401 && (token !== null || this.#options.cookies)
      // A token that somebody else has renewed may be over as well.
      if (!isRenewable || tries === 3) throw problem
      token = await this.#session.renew(token)
      if (token === null) throw problem
    }
  }

  /** Sends a request once, with these credentials. Resolves to any response. */
  async fetch(method: string, path: string, request: HttpRequest, token: string | null): Promise<Response> {
    const { query, json, headers, body, signal } = request
    const { base, fetch, cookies } = this.#options
    const authorization = token && `Bearer ${token}`
    const fields = Object.entries({ accept: 'application/json', authorization, ...headers })
    try {
      return await fetch(base + path + queryText(query, json), {
        method,
        headers: fields.filter((field): field is [string, string] => Boolean(field[1])),
        credentials: cookies ? 'include' : 'same-origin',
        ...(body && { body }),
        ...(signal && { signal }),
      })
    } catch (cause) {
      throw signal?.aborted
        ? local('aborted', 'the request was aborted', cause)
        : local('offline', `${method} ${base}${path} could not be sent`, cause)
    }
  }

  /** Logs in, or renews tokens. In cookies mode there are none, and the browser keeps the session. */
  async authenticate(path: string, body: unknown): Promise<Tokens> {
    const response = await this.fetch(
      'POST',
      path,
      {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        ...(this.#options.cookies && { query: { cookie: true } }),
      },
      null,
    )
    if (!response.ok) throw await problemOf(response)
    const tokens = (await jsonOf(response)) as Tokens | null
    return this.#options.cookies ? { access_token: '' } : tokens!
  }
}

/** The JSON of a response. null = it has no content. */
export async function jsonOf(response: Response): Promise<unknown> {
  const text = await response.text()
  try {
    return text === '' ? null : JSON.parse(text)
  } catch (cause) {
    throw new Problem({ error: 'unreadable', detail: 'the response is not JSON', status: response.status }, cause)
  }
}

async function problemOf(response: Response): Promise<Problem> {
  const body = await jsonOf(response).catch(() => null)
  if (!isProblemDocument(body)) {
    return new Problem({ error: 'unreadable', detail: response.statusText, status: response.status })
  }
  return new Problem({ ...body, status: response.status })
}

/** The cursor in a link of a page, if there is one. */
function cursorIn(links: string, rel: string): string | undefined {
  const url = new RegExp(`<([^>]*)>[^,<]*rel="${rel}"`).exec(links)?.[1]
  return url === undefined ? undefined : (new URL(url, 'http://x').searchParams.get('cursor') ?? undefined)
}
