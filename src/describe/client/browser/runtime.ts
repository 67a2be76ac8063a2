// Runs in browsers and in Node, as text that is served: it may use nothing but what both have. See scripts/browser.ts.

export interface ClientOptions {
  /** Where the API is: `https://example.com/api`. */
  base?: string
  /** The header field that carries the token, in small letters. */
  header?: string
  /** What stands before the token there. */
  scheme?: string
  fetch?: typeof fetch
  /** Makes the client that follows rows: `client` of restuary/client. */
  // oxlint-disable-next-line typescript/no-explicit-any -- which resources it has is only known when it runs
  connect?: (url: string, options: object) => any
}

export interface RequestOptions {
  query?: unknown
  data?: unknown
  headers?: Record<string, string>
}

/** What was refused, with the members of the problem document. */
export class ClientError extends Error {
  override name = 'ClientError'
  status: number
  response: Response
  constructor(response: Response, problem: Record<string, unknown>) {
    super(typeof problem['message'] === 'string' ? problem['message'] : `${response.status} ${response.statusText}`)
    const { message: _, ...members } = problem
    Object.assign(this, members)
    this.status = response.status
    this.response = response
  }
}

/** What sends requests and keeps the token; its functions may be replaced. */
export interface Transport {
  config: { urlPrefix: string; authHeader: string }
  getToken: () => string | null
  setToken: (token: string) => void
  clearToken: () => void
  /** What was kept under a name over a reload. */
  recall: (name: string) => string | null
  /** null = nothing is kept any more. */
  keep: (name: string, value: string | null) => void
  /** Asks for another token in place of one that was refused. null = there is none. */
  renew: () => Promise<string | null>
  /** One request; resolves with the JSON of the answer, or with the Response where there is none. */
  send: (method: string, path: string, options?: RequestOptions) => Promise<unknown>
  /** Follows what functions serve at a URI. */
  live?: (uri: string) => unknown
}

/** Makes what the methods of a client are made of. */
export function createTransport(options: ClientOptions): Transport {
  const tokenName = 'resjs-auth-token'
  const kept = new Map<string, string>()
  const storage = (): Storage | null => {
    try {
      return typeof window === 'undefined' ? null : window.localStorage
    } catch {
      return null // the page may not keep anything
    }
  }
  const transport: Transport = {
    config: { urlPrefix: options.base ?? '', authHeader: options.header ?? 'authorization' },
    getToken: () => transport.recall(tokenName),
    setToken: token => transport.keep(tokenName, token),
    clearToken: () => transport.keep(tokenName, null),
    recall: name => storage()?.getItem(name) ?? kept.get(name) ?? null,
    keep(name, value) {
      if (value === null) {
        kept.delete(name)
        storage()?.removeItem(name)
      } else {
        kept.set(name, value)
        storage()?.setItem(name, value)
      }
    },
    renew: () => Promise.resolve(null),
    async send(method, path, { query, data, headers = {} } = {}) {
      const url = transport.config.urlPrefix + path + queryText(query)
      const fields: Record<string, string> = { accept: 'application/json', ...headers }
      const hasOwnToken = transport.config.authHeader in fields
      let body: string | FormData | undefined
      if (typeof FormData !== 'undefined' && data instanceof FormData) body = data
      else if (typeof data === 'string') {
        body = data
        fields['content-type'] ??= 'application/x-www-form-urlencoded'
      } else if (data !== undefined && data !== null) {
        body = JSON.stringify(data)
        fields['content-type'] ??= 'application/json'
      }
      const ask = (token: string | null): Promise<Response> => {
        if (token && !hasOwnToken) fields[transport.config.authHeader] = (options.scheme ?? '') + token
        return (options.fetch ?? fetch)(url, { method, headers: fields, ...(body === undefined ? {} : { body }) })
      }
      const token = transport.getToken()
      let response = await ask(token)
      if (response.status === 401 && token && !hasOwnToken) {
        const renewed = await transport.renew()
        if (renewed) response = await ask(renewed)
      }
      const type = response.headers.get('content-type') ?? ''
      const json = /^application\/([\w.-]+\+)?json\b/i.test(type) && response.status !== 204
      const value: unknown = json ? await response.json().catch(() => null) : response
      if (!response.ok) throw new ClientError(response, json && isObject(value) ? value : {})
      const renewed = response.headers.get(transport.config.authHeader)
      if (renewed) transport.setToken(renewed)
      return value
    },
  }
  return transport
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

/** `{ a: null }` → `?a`, `{ l: [1, 2] }` → `?l=1&l=2`, `{ a: { b: 1 } }` → `?a[b]=1`; undefined is left out. */
function queryText(query: unknown): string {
  if (query === undefined || query === null || query === '') return ''
  if (typeof query === 'string') return `?${query.replace(/^\?/, '')}`
  const parts: string[] = []
  const add = (name: string, value: unknown): void => {
    if (value === undefined) return
    if (value === null) parts.push(encodeURIComponent(name))
    else if (Array.isArray(value)) value.forEach(one => add(name, one))
    else if (value instanceof Date) add(name, value.toISOString())
    else if (typeof value === 'object') {
      for (const [key, one] of Object.entries(value)) add(`${name}[${key}]`, one)
    } else parts.push(`${encodeURIComponent(name)}=${encodeURIComponent(value as string)}`)
  }
  for (const [name, value] of Object.entries(query)) add(name, value)
  return parts.length === 0 ? '' : `?${parts.join('&')}`
}
