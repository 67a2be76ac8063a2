// Runs in browsers and in Node, as text that is served. See scripts/browser.ts.
import type { OperationTable } from '../../../describe/client/browser/methods.ts'
import { createTransport, type ClientOptions, type Transport } from '../../../describe/client/browser/runtime.ts'

/** How the token is kept, and where requests go. */
type Kept = Pick<Transport, 'config' | 'getToken' | 'setToken' | 'clearToken'>

/** The object of the script: `res.hello.get({ name })`, beside it the token and the plain request. */
export function resOf(operations: OperationTable, options: ClientOptions): Record<string, unknown> & Kept {
  const transport = createTransport(options)
  const { config, getToken, setToken, clearToken } = transport
  const ajax = (url: string, method = 'GET', data?: unknown, headers?: Record<string, string>): Promise<unknown> => {
    // Whoever puts other functions in their place (in Node, say) is asked.
    transport.getToken = () => res.getToken()
    transport.setToken = token => res.setToken(token)
    const inBody = /^(POST|PUT|PATCH)$/i.test(method)
    return transport.send(method, url, { ...(inBody ? { data } : { query: data }), ...(headers && { headers }) })
  }
  const res: Record<string, unknown> & Kept = { ajax, config, getToken, setToken, clearToken }
  for (const [name, actions] of Object.entries(operations)) {
    const own: Record<string, unknown> = Object.create(null)
    for (const [action, one] of Object.entries(actions)) {
      const [method, path] = one as [string, string]
      own[action] = (data?: unknown, headers?: Record<string, string>) => ajax(path, method, data, headers)
    }
    if (!Object.hasOwn(res, name)) res[name] = own
  }
  return res
}
