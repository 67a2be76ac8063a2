// Runs in browsers and in Node, as text that is served. See scripts/browser.ts.
import type { OperationTable } from './methods.ts'
import { ClientError, type ClientOptions, type Transport } from './runtime.ts'

/** The functions of a client, by resource and name. */
// oxlint-disable-next-line typescript/no-explicit-any -- ids, a query or body, and options
export type Built = Record<string, Record<string, (...given: any[]) => unknown>>

interface Granted {
  access_token: string
  refresh_token?: string
}

/** Adds `live`, `upload` and `download` to each resource with a list, and keeps the tokens of logins, which are renewed when they expire. */
export function addLive(
  built: Built,
  operations: OperationTable,
  transport: Transport,
  { connect, fetch: send }: ClientOptions,
): void {
  const refreshName = 'resjs-refresh-token'
  const tokens = {
    get(): Granted | null {
      const [access, refresh] = [transport.getToken(), transport.recall(refreshName)]
      return access === null ? null : { access_token: access, ...(refresh !== null && { refresh_token: refresh }) }
    },
    set(granted: Granted | null): void {
      if (granted === null) transport.clearToken()
      else transport.setToken(granted.access_token)
      transport.keep(refreshName, granted?.refresh_token ?? null)
    },
  }
  const paths: Record<string, string> = {}
  for (const [name, { list }] of Object.entries(operations as Record<string, OperationTable>))
    if (Array.isArray(list)) paths[name] = list[1]
  let made: ReturnType<NonNullable<ClientOptions['connect']>>
  // The first one who follows or logs in makes it, so that the place of the API may be changed before.
  const connected = (): typeof made =>
    (made ??= connect!(transport.config.urlPrefix, { tokens, paths, ...(send && { fetch: send }) }))
  transport.live = uri => connected().$live(uri)
  for (const name of Object.keys(paths)) {
    const own = built[name]!
    const call = (word: string, given: unknown[]): ReturnType<typeof connected> => connected()[name][word](...given)
    own['live'] ??= (...given) => call('live', given)
    for (const word of ['upload', 'download']) own[word] ??= (...given) => call(word, given).catch(refuse)
  }

  const { auth } = built
  if (!auth?.['login']) return
  for (const name of ['login', 'refresh', 'logout']) {
    const plain = auth[name]!
    // With a query or a token of their own, they are requests like others.
    auth[name] = (data: unknown, more?: unknown) =>
      more || (name !== 'login' && data)
        ? plain(data, more)
        : connected()
            .$auth[name](data)
            .then(() => tokens.get() ?? undefined, refuse)
  }
  transport.renew = () =>
    tokens.get()?.refresh_token === undefined
      ? Promise.resolve(null)
      : connected()
          .$auth.refresh()
          .then(
            () => transport.getToken(),
            () => null,
          )
}

/** Refusals are of the same class, wherever they come from. */
function refuse(problem: Error & { status: number; document: Record<string, unknown> }): never {
  if (problem.status === 0) throw problem
  throw new ClientError(new Response(null, { status: problem.status }), problem.document)
}
