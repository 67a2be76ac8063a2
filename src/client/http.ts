import { isProblemDocument, queryText, type Answer, type Call, type Params, type Transport } from './call.ts'
import type { Again } from './follower.ts'
import { local, Problem } from './problem.ts'
import type { Session } from './session.ts'

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
  readonly headers?: Readonly<Record<string, string | undefined>>
  readonly body?: BodyInit | undefined
  readonly signal?: AbortSignal | undefined
  /** Sent without a token: a login, or a renewal. */
  readonly isAnonymous?: boolean
}

const METHODS = { list: 'GET', get: 'GET', create: 'POST', replace: 'PUT', patch: 'PATCH', delete: 'DELETE' } as const

/** Sends calls as requests. Credentials that have expired are renewed once, and the request is sent again. */
export class Http implements Transport {
  readonly #options: HttpOptions
  readonly cookies: boolean
  readonly #session: Session

  constructor(options: HttpOptions, session: Session) {
    this.#options = options
    this.cookies = options.cookies
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

  async #call(call: Call): Promise<Answer> {
    const { method, uri, body } = this.wordsOf(call)
    const text = JSON.stringify(body) as string | undefined
    const type = call.op === 'patch' && Array.isArray(body) ? 'application/json-patch+json' : 'application/json'
    const response = await this.send(method, uri, {
      signal: call.signal,
      body: text,
      headers: {
        'content-type': text && type,
        'if-match': call.ifMatch && `"${call.ifMatch}"`,
        'idempotency-key': call.key,
        'min-position': call.min,
      },
    })
    const { headers } = response
    const links = headers.get('link') ?? ''
    const total = headers.get('x-total-count')
    return {
      status: response.status,
      data: await jsonOf(response),
      position: headers.get('position') ?? undefined,
      next: cursorIn(links, 'next'),
      previous: cursorIn(links, 'prev'),
      ...(total && { total: Number(total) }),
    }
  }

  /** The method, the URI and the body of a call. */
  wordsOf({ op, uri, params, data, method = 'POST' }: Call): { method: string; uri: string; body: unknown } {
    const verb = op === 'act' ? method : METHODS[op]
    const isInQuery = op === 'act' && (verb === 'GET' || verb === 'DELETE')
    const query = isInQuery ? queryText(data as Params, true) : queryText(params)
    return { method: verb, uri: uri + query, body: isInQuery ? undefined : data }
  }

  /** Resolves to the JSON of a successful response. null = it has no content. */
  async json(method: string, path: string, request?: HttpRequest): Promise<unknown> {
    return jsonOf(await this.send(method, path, request))
  }

  /** Resolves to a successful response. */
  async send(method: string, path: string, request: HttpRequest = {}): Promise<Response> {
    const { isAnonymous } = request
    let token = isAnonymous ? null : await this.#session.token()
    for (let tries = 1; ; tries++) {
      try {
        return await this.#fetch(method, path, request, token)
      } catch (problem) {
        const isRenewable = (problem as Problem).status === 401 && !isAnonymous && (token !== null || this.cookies)
        // A token that somebody else has renewed may be over as well.
        if (!isRenewable || tries === 3) throw problem
        token = await this.#session.renew(token)
        if (token === null) throw problem
      }
    }
  }

  /** Sends a request once, with these credentials. Resolves to a successful response. */
  async #fetch(method: string, path: string, request: HttpRequest, token: string | null): Promise<Response> {
    const { query, headers, body, signal } = request
    const url = this.#options.base + path
    const authorization = token && `Bearer ${token}`
    const fields = Object.entries({ accept: 'application/json', authorization, ...headers })
    const response = await this.#options
      .fetch(url + queryText(query), {
        method,
        headers: fields.filter((field): field is [string, string] => Boolean(field[1])),
        credentials: this.cookies ? 'include' : 'same-origin',
        ...(body && { body }),
        ...(signal && { signal }),
      })
      .catch((cause: unknown) => {
        throw signal?.aborted
          ? local('aborted', 'the request was aborted', cause)
          : local('offline', `${method} ${url} could not be sent`, cause)
      })
    if (response.ok) return response
    const { status, statusText } = response
    const problem = await jsonOf(response).catch(() => null)
    throw new Problem({
      ...(isProblemDocument(problem) ? problem : { error: 'unreadable', detail: statusText }),
      status,
    })
  }
}

/** The JSON of a response. null = it has no content. */
async function jsonOf(response: Response): Promise<unknown> {
  const text = await response.text()
  try {
    return text === '' ? null : JSON.parse(text)
  } catch (cause) {
    throw new Problem({ error: 'unreadable', detail: 'the response is not JSON', status: response.status }, cause)
  }
}

/** The cursor in a link of a page, if there is one. */
function cursorIn(links: string, rel: string): string | undefined {
  const url = new RegExp(`<([^>]*)>[^,<]*rel="${rel}"`).exec(links)?.[1]
  return url === undefined ? undefined : (new URL(url, 'http://x').searchParams.get('cursor') ?? undefined)
}
