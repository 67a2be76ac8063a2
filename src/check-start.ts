import type { HandledResources } from './engine/actions/handled-resources.ts'
import type { Engine } from './engine/engine.ts'
import type { Store } from './store/store.ts'
import type { HttpSetup } from './transport/http/options.ts'

/** What is checked before it is served. */
export interface Startable {
  readonly engine: Engine
  readonly http: HttpSetup
  readonly store?: Pick<Store, 'hasNodes'>
  readonly secured?: boolean
  readonly handled?: Pick<HandledResources, 'routes'>
}

/** Why an API cannot be served, and what to do about it. */
export class StartError extends Error {
  override readonly name = 'StartError'
}

/** Refuses to start with settings that are unsafe where others can reach the server. Elsewhere it only warns. */
export function checkStart(app: Startable, host: string, report: (line: string) => void): void {
  const loopback = host === 'localhost' || host === '::1' || /^127(\.\d+){3}$/.test(host)
  const production = process.env['NODE_ENV'] === 'production'
  const exposed = production ? 'NODE_ENV is production' : loopback ? null : `${host} is reachable from other machines`
  const { auth } = app.engine
  if (app.secured !== true) checkOpen(openNames(app), exposed, report)
  if (app.store?.hasNodes === true && app.engine.files?.areOfProcess === true)
    throw new StartError(
      'Files would be in the memory of this process, and other nodes could not read them: say files: s3(…), or folder(…) on a disk that all nodes share',
    )
  if (auth?.random) {
    const problem = 'Tokens are signed with a random secret of this process'
    if (production)
      throw new StartError(`${problem}, so nobody stays logged in after a restart: set auth.secret to 32 bytes or more`)
    report(`${problem}: they become invalid when it ends`)
  }
  if (auth?.cookie && app.http.cors?.origins.includes('*')) {
    const problem = 'Pages of every origin may send requests, and sessions are in cookies'
    if (exposed !== null)
      throw new StartError(`${problem}, and ${exposed}: name the origins in http.cors, or say auth: { cookie: false }`)
    report(`${problem}: name the origins before you serve this to others`)
  }
}

/** The names of resources that say nothing about who may use them. */
function openNames({ engine, handled }: Startable): string[] {
  const modelled = [...engine.model.resources.values()]
    .filter(one => one.paths.length > 0 && !one.options.public && one.rules === null && one.permissions === null)
    .map(one => one.name)
  const functions = (handled?.routes.all ?? [])
    .filter(route => !route.public && route.permissions.length === 0)
    .map(route => route.name)
  return [...new Set([...modelled, ...functions])]
}

function checkOpen(open: readonly string[], exposed: string | null, report: (line: string) => void): void {
  if (open.length === 0) return
  const names = open.length > 8 ? `${open.slice(0, 8).join(', ')} and ${open.length - 8} more` : open.join(', ')
  if (exposed === null) {
    report(`Open to everyone on this machine, because they have no rules: ${names}`)
    return
  }
  throw new StartError(
    `These resources have no rules, so anyone could read and write them, and ${exposed}: ${names}. ` +
      `Give them rules, say .public() on those that are meant to be open, or serve on 127.0.0.1 in development.`,
  )
}
