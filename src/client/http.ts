import { isProblemDocument, queryText, type Call, type Params, type Transport } from './call.ts'
import { aborted, local, Problem } from './problem.ts'
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
  readonly body?: BodyInit | null | undefined
  readonly signal?: AbortSignal | null | undefined
  /** Sent without a token: a login, or a renewal. */
  readonly isAnonymous?: boolean
}

const METHODS = { list: 'GET', get: 'GET', create: 'POST', replace: 'PUT', patch: 'PATCH', delete: 'DELETE' } as const

/** Sends calls as requests, with the credentials of the session. */
export interface Http extends Transport {
  readonly cookies: boolean
  /** The method, the URI and the body of a call. */
  wordsOf(call: Call): { readonly method: string; readonly uri: string; readonly body: unknown }
  /** Resolves to the JSON of a successful response. null = it has no content. */
  json(method: string, path: string, request?: HttpRequest): Promise<unknown>
  /** Resolves to a successful response. */
  send(method: string, path: string, request?: HttpRequest): Promise<Response>
}

export function httpOf(options: HttpOptions, session: Session): Http {
  const { base, cookies } = options
  const http: Http = {
    cookies,
    async call(call) {
      const { op, signal, ifMatch, key, min } = call
      const { method, uri, body } = http.wordsOf(call)
      const text = JSON.stringify(body) as string | undefined
      const type = op === 'patch' && Array.isArray(body) ? 'application/json-patch+json' : 'application/json'
      const response = await http.send(method, uri, {
        signal,
        body: text,
        headers: {
          'content-type': text && type,
          'if-match': ifMatch && `"${ifMatch}"`,
          'idempotency-key': key,
          'min-position': min,
        },
      })
      const header = (name: string): string => response.headers.get(name) ?? ''
      const total = header('x-total-count')
      return {
        status: response.status,
        data: await jsonOf(response),
        position: header('position') || undefined,
        next: cursorIn(header('link'), 'next'),
        previous: cursorIn(header('link'), 'prev'),
        total: total === '' ? undefined : Number(total),
      }
    },
    wordsOf({ op, uri, params, data, method = 'POST' }) {
      const verb = op === 'act' ? method : METHODS[op]
      const isInQuery = op === 'act' && (verb === 'GET' || verb === 'DELETE')
      const query = queryText(isInQuery ? (data as Params) : params, isInQuery)
      return { method: verb, uri: uri + query, body: isInQuery ? undefined : data }
    },
    json: async (...request) => jsonOf(await http.send(...request)),
    send(method, path, { query, headers, body = null, signal = null, isAnonymous } = {}) {
      const url = base + path + queryText(query)
      const sendAs = async (token: string | null): Promise<Response> => {
        const authorization = token && `Bearer ${token}`
        const fields = Object.entries({ accept: 'application/json', authorization, ...headers })
        const response = await options
          .fetch(url, {
            method,
            headers: fields.filter(([, value]) => value) as [string, string][],
            credentials: cookies ? 'include' : 'same-origin',
            body,
            signal,
          })
          .catch((cause: unknown) => {
            throw signal?.aborted ? aborted(cause) : local('offline', `${method} ${url} could not be sent`, cause)
          })
        if (response.ok) return response
        const { status, statusText } = response
        const problem = await jsonOf(response).catch(() => null)
        const document = isProblemDocument(problem) ? problem : { error: 'unreadable', detail: statusText }
        throw new Problem({ ...document, status })
      }
      return isAnonymous ? sendAs(null) : session.withToken(sendAs)
    },
  }
  return http
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
  const text = new RegExp(`[?&]cursor=([^&>]*)[^>]*>[^,<]*rel="${rel}"`).exec(links)?.[1]
  return text && decodeURIComponent(text)
}
