// Runs in browsers, as text that is served. See scripts/browser.ts.
import { operationsIn, operationTable } from '../../client/operations.ts'
import { clientOf } from '../../client/browser/methods.ts'
import { byId } from './element.ts'
import { baseOf, page } from './schema.ts'

/** Puts the client of the API into the console: `await res.todo.list()`. It shares its token with the page. */
export function setUpConsole(): void {
  const res = clientOf(operationTable(operationsIn(page.document)), { base: baseOf() })
  const put = (token: string): void => {
    page.token = token
    ;(byId('token') as HTMLInputElement).value = token
  }
  res.$.getToken = () => (page.token === '' || /^\w+ /.test(page.token) ? page.token : `Bearer ${page.token}`)
  res.$.setToken = put
  res.$.clearToken = () => put('')
  const auth = res['auth'] as Record<string, (...given: unknown[]) => Promise<unknown>> | undefined
  if (auth?.['login']) {
    const { login, logout } = auth as { login: typeof auth.login; logout: typeof auth.login }
    auth['login'] = async (...given) => {
      const granted = (await login(...given)) as { access_token?: string } | null
      if (granted?.access_token) put(granted.access_token)
      return granted
    }
    auth['logout'] = (...given) => logout(...given).finally(() => put(''))
  }
  Object.assign(globalThis, { res })
  const example = Object.keys(res).find(name => 'list' in (res[name] as object))
  if (example) console.info(`The API is here as res: await res.${example}.list()`)
}
