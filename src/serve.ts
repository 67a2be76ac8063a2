import { channel } from 'node:diagnostics_channel'
import { statSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { resolve } from 'node:path'
import { checkStart, StartError } from './check-start.ts'
import type { Engine } from './engine/engine.ts'
import type { HandledRoute } from './model/link/handled-routes.ts'
import type { Model, Resource } from './model/model.ts'
import type { Snapshot, Store } from './store/store.ts'
import type { Work } from './store/work.ts'
import { plainFailure } from './protocol/plain-failure.ts'
import { boundConnections } from './transport/hosts/connections.ts'
import { attachFaces, type Faces, type SocketApi } from './transport/hosts/faces.ts'
import { handler, nodeServer } from './transport/hosts/node.ts'
import { defaultPort } from './transport/hosts/port.ts'
import { cutSlowReaders } from './transport/hosts/stalled-responses.ts'
import type { HttpSetup } from './transport/http/options.ts'
import { staticFiles } from './transport/http/services/static-files.ts'

/** What `serve` needs. An Api has it. */
export interface Servable extends Partial<Omit<SocketApi, 'engine' | 'http'>> {
  readonly engine: Engine
  readonly http: HttpSetup
  /** The store, which `/health/ready` tries to read. */
  readonly store?: Pick<Store, 'read' | 'impaired' | 'hasNodes'>
  /** Whether callers are told apart, so that only resources that are `.public()` are open. */
  readonly secured?: boolean
  /** Resolves once the store is open. */
  ready(): Promise<unknown>
  close(): Promise<void>
}

/** Options of `serve`. */
export interface ServeOptions {
  /** The port. 0 = any free one. Default: the environment variable PORT, else 3000. */
  readonly port?: number
  /** The address to listen on. Default: 127.0.0.1, which only this machine reaches. */
  readonly host?: string
  /** Whether SIGTERM and SIGINT close the server. A second signal ends the process at once. Default: true. */
  readonly signals?: boolean
  /** How many milliseconds running requests get to finish when the server closes. Default: 10,000. */
  readonly grace?: number
  /**
   * How many milliseconds the server still takes connections after `/health/ready` began to say no, so that a load balancer can
   * notice. Default: 0.
   */
  readonly lead?: number
  /**
   * A folder whose files are served beside the API, such as `dist`, where a build puts a page. The API's own paths come first. If a
   * browser opens any other path that is no file, it gets `index.html`. Everybody may read these files.
   */
  readonly static?: string
  /** Gets the start-up messages, line by line. Default: prints them to standard error. */
  readonly report?: (line: string) => void
}

/** An API that is being served. */
export interface Served {
  /** Where it is served: `http://127.0.0.1:3000`. */
  readonly url: string
  readonly port: number
  readonly server: Server
  /** Takes no new requests, lets running ones finish within `grace`, and closes the store. */
  close(): Promise<void>
}

/**
 * Serves an API over HTTP and sockets. Resolves when the store is open and the port accepts connections.
 *
 * It refuses to start if strangers could reach a resource that is open only because nobody gave it rules. That is so with
 * NODE_ENV=production or on a host that is not loopback. Resources that are `.public()` are meant to be open.
 *
 * @example
 * const { url, close } = await serve(app, { port: 3000 })
 *
 * @throws {Error} with a plain sentence if the port is taken or may not be opened, or if the API must not be served like this.
 */
export async function serve(app: Servable, options: ServeOptions = {}): Promise<Served> {
  const { port = defaultPort(), host = '127.0.0.1', signals = true, grace = 10_000, lead = 0 } = options
  const report = options.report ?? (line => console.error(line))
  await app.ready()
  const { store } = app
  const health = {
    isDraining: false,
    check: () => store?.read(positionOf),
    get impaired() {
      return store?.impaired ?? null
    },
  }
  let server: Server
  let faces: Faces | null = null
  try {
    checkStart(app, host, report)
    const { files, limits } = app.engine
    const beside = options.static === undefined ? {} : { files: staticFiles(folderOf(options.static)) }
    server = nodeServer(
      handler(app.engine, { ...app.http, health, ...beside }),
      limits,
      files ? limits.upload : undefined,
    )
    boundConnections(server, app.engine.limits, app.http.trustedProxies)
    cutSlowReaders(server, limits.stall)
    if (servesSockets(app)) faces = attachFaces(server, app)
    await listen(server, port, host, options.port === undefined)
  } catch (error) {
    await app.close()
    throw error instanceof StartError ? plainFailure(error) : error
  }
  const address = server.address() as AddressInfo
  const url = `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`
  let closing: Promise<void> | null = null
  // First `/health/ready` says no. A load balancer then has `lead` milliseconds to notice, while requests are still answered.
  const drain = async (): Promise<void> => {
    health.isDraining = true
    if (lead > 0) await new Promise(resolve => setTimeout(resolve, lead))
  }
  const served: Served = {
    url,
    port: address.port,
    server,
    close: () =>
      (closing ??= drain()
        .then(() => faces?.close())
        // Streams and sockets would go on for ever.
        .then(() => app.http.live?.close())
        .then(() => close(server, grace))
        .then(() => app.close())
        .finally(() => forget(served))),
  }
  if (signals) remember(served, report)
  channel('restuary:serve').publish(app) // for `restuary dev`
  const base = url + (app.http.prefix ?? '')
  for (const line of uriTable(app.engine.model, base, app.handled?.routes.all)) report(line)
  const docs = app.http.pages?.find(page => page.type.startsWith('text/html'))
  if (options.static !== undefined) report(`Page: ${url}/ (the files in ${options.static})`)
  if (docs) report(`Documentation: ${base}${docs.path}`)
  return served
}

/** The absolute path of a folder. Throws StartError if it is not there. */
function folderOf(path: string): string {
  const folder = resolve(path)
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return folder
  throw new StartError(
    `There is no folder ${path} whose files could be served. Make it, for instance by building the page, or leave \`static\` out.`,
  )
}

function servesSockets(app: Servable): app is Servable & SocketApi {
  return app.faces !== undefined && app.handled !== undefined && app.published !== undefined
}

// eslint-disable-next-line require-yield -- a read that needs nothing but its snapshot
function* positionOf(snapshot: Snapshot): Work<number> {
  return snapshot.position
}

/** The URIs of a model and of handled resources, with what can be done at each, as lines to print. */
export function uriTable(model: Model, base: string, handled: readonly HandledRoute[] = []): string[] {
  const rows = [...model.resources.values()].flatMap(resource =>
    resource.paths.slice(0, 1).map(path => rowOf(resource, path)),
  )
  for (const route of handled) {
    const words = (['get', 'create', 'patch', 'delete'] as const).filter(word => {
      const functions = route[word]
      return Array.isArray(functions) ? functions.length > 0 : functions !== null
    })
    rows.push([route.pattern.text, words.join(', '), ''])
  }
  const widths = [0, 1].map(i => Math.max(0, ...rows.map(row => row[i]!.length)))
  return [
    `Restuary serves ${base}`,
    ...rows.map(
      row =>
        `  ${row
          .map((cell, i) => cell.padEnd(widths[i] ?? 0))
          .join('  ')
          .trimEnd()}`,
    ),
  ]
}

function rowOf(resource: Resource, path: string): string[] {
  const { readOnly } = resource.options
  const lists = resource.fields.filter(field => (field.is === 'back' || field.is === 'many') && field.toMany)
  const nested = lists.map(field => field.name).join(', ')
  return [
    path,
    readOnly ? 'read-only' : 'read and write',
    nested === '' ? `${path}/:id` : `${path}/:id, ${path}/:id/{${nested}}`,
  ]
}

function listen(server: Server, port: number, host: string, isDefault: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(explained(error, port, host, isDefault)))
    server.listen(port, host, () => {
      server.removeAllListeners('error')
      resolve()
    })
  })
}

function explained(error: NodeJS.ErrnoException, port: number, host: string, isDefault: boolean): Error {
  const another = `${isDefault ? 'PORT=' : ''}${port < 65_535 ? port + 1 : 3000}`
  const text = new Map([
    ['EADDRINUSE', `Port ${port} on ${host} is in use. Choose another port (${another}), or 0 for any free one.`],
    ['EACCES', `Port ${port} cannot be opened by this user. Choose one above 1023.`],
    ['EADDRNOTAVAIL', `${host} is not an address of this machine. Choose 127.0.0.1 for this machine only, or 0.0.0.0.`],
    ['ENOTFOUND', `The host ${host} is not known. Choose 127.0.0.1 for this machine only, or 0.0.0.0.`],
  ]).get(error.code ?? '')
  return text === undefined ? error : new StartError(text, { cause: error })
}

async function close(server: Server, grace: number): Promise<void> {
  const closed = new Promise<void>(resolve => {
    server.close(() => resolve())
  })
  // A connection that was busy at the beginning becomes idle later. Node does not end it then, so we do.
  const sweep = setInterval(() => server.closeIdleConnections(), 20)
  const end = setTimeout(() => server.closeAllConnections(), grace)
  await closed
  clearInterval(sweep)
  clearTimeout(end)
}

// Signals belong to the process, so all its servers share one listener.
const running = new Set<Served>()
let report: (line: string) => void = () => {}
let ending = false

function remember(served: Served, tell: (line: string) => void): void {
  report = tell
  if (running.size === 0) process.on('SIGTERM', onSignal).on('SIGINT', onSignal)
  running.add(served)
}

function forget(served: Served): void {
  if (running.delete(served) && running.size === 0 && !ending) process.off('SIGTERM', onSignal).off('SIGINT', onSignal)
}

function onSignal(signal: NodeJS.Signals): void {
  if (ending) process.exit(signal === 'SIGINT' ? 130 : 143)
  ending = true
  report(`${signal}: finishing running requests; send it again to stop at once`)
  void Promise.allSettled([...running].map(one => one.close())).then(results => {
    for (const result of results) if (result.status === 'rejected') console.error(result.reason)
    process.exit(results.some(result => result.status === 'rejected') ? 1 : 0)
  })
}
