import { coreOf } from './core.ts'
import type { ConnectionStatus, Io, LiveTransport, LiveTransportOptions } from './follower.ts'
import { httpOf } from './http.ts'
import { onDemand, type OnDemand } from './on-demand/load.ts'
import { resourceOf, withAnyMember, type ResourceParts } from './resource.ts'
import { webSocket } from './socket/connection.ts'
import { statusOf } from './status.ts'
import { later, loaded } from './transports/later.ts'
import { memoryTokens, sessionOf, type TokenStore } from './session.ts'
import type { Client } from './types/client.ts'
import type { Layer, LayerParts } from './offline/layer.ts'

/** Options of a client. */
export interface ClientOptions {
  /** Where tokens are kept. Default: in memory, so that a reload logs out. */
  readonly tokens?: TokenStore
  /** Logs in with a cookie that no script can read, instead of tokens. */
  readonly cookies?: boolean
  /** Paths of resources that are not served at `/` and their name: `{ hello: '/greetings' }`. */
  readonly paths?: Readonly<Record<string, string>>
  /** Sends requests. Default: the global `fetch`. */
  readonly fetch?: typeof fetch
  /**
   * Carries live queries. Default: `ws`, one WebSocket for all of them. `sse` = Server-Sent Events, a stream for each of them;
   * `auto` = these only where no WebSocket comes through; `socketio` = Socket.IO, with the `io` of the page.
   */
  readonly transport?: 'auto' | 'ws' | 'sse' | 'socketio' | ((options: LiveTransportOptions) => LiveTransport)
  /** The `io` of `socket.io-client`. */
  readonly io?: Io
  /** Keeps rows and unanswered writes over a reload: `indexedDb()` of `restuary/client/offline`. */
  readonly offline?: (parts: LayerParts) => Layer
  /** Opens connections. Default: the global `WebSocket`. */
  readonly WebSocket?: typeof WebSocket
  /** The live queries of the client that has drawn the page on the server: the text of `$dehydrate()`. They go on from there. */
  readonly state?: string | null | undefined
  /** For how many milliseconds a live query without users goes on, in case somebody comes back, as components do that React has suspended. Default: 10 s. */
  readonly linger?: number
  /**
   * Calls back when live queries may tell their users of what others have changed: `requestAnimationFrame`, for instance. Default: at
   * once, and not more often than every 16 ms. Of own writes they tell at once in any case.
   */
  readonly schedule?: (work: () => void) => void
  /** Numbers from 0 to 1, for the time between two attempts to connect. Default: `Math.random`. */
  readonly random?: () => number
}

/**
 * Makes the client of an API. Its types come from those of the server; nothing of the server is loaded.
 *
 * @example
 * import { client } from 'restuary/client'
 * import type { App } from './server.ts' // export interface App extends Served<typeof app> {}
 *
 * const api = client<App>('https://todo.example/api')
 * const { rows } = await api.todo.list({ filter: { done: false }, sort: '-rank' })
 * await api.todo.patch(rows[0].id, { done: true })
 */
export function client<A>(url: string, options: ClientOptions = {}): Client<A> {
  const { cookies = false, paths = {}, tokens = memoryTokens() } = options
  const session = sessionOf(tokens, {
    renew: refused => onDemand(all => all.renew(http, session, refused)),
    doAgain: (...given) => onDemand(all => all.doAgain(http, session, ...given)),
  })
  const base = url.replace(/\/+$/, '')
  const http = httpOf({ base, cookies, fetch: options.fetch ?? ((...request) => fetch(...request)) }, session)
  const { status, set } = statusOf()
  const { offline, transport: named = 'ws', linger = 10_000 } = options
  const onStatus = (connection: ConnectionStatus): void => set({ connection })
  const parts = { ...options, base, http, session, onStatus, isPatient: Boolean(offline) }
  const carry = named === 'ws' ? webSocket : named
  const transport =
    typeof carry === 'function'
      ? carry(parts)
      : later(loaded(import('./transports/chosen.ts')).then(all => all[carry](parts, webSocket)))
  const core = coreOf({ ...options, http, session, transport, linger, onStatus: set })
  session.onChange = core.changeCaller
  // Asking for the token shows whose it is now.
  const unwatch = tokens.watch?.(() => void session.token())
  const ask =
    (name: string) =>
    (...given: readonly unknown[]) =>
      onDemand(all => (all as unknown as Readonly<Record<string, OnDemand>>)[name]!(http, session, ...given))
  const own = {
    $auth: withAnyMember({}, ask),
    $request: ask('send'),
    $live: (uri: string) => core.live(null, uri, { id: null, params: {} }),
    $batch: (...given: readonly unknown[]) => onDemand(all => (all.batch as OnDemand)(http, resourceWith, ...given)),
    $status: status,
    $dehydrate: core.dehydrate,
    $close() {
      unwatch?.()
      core.close()
    },
  }
  const resourceWith = (name: string, by: ResourceParts['core']): object =>
    resourceOf({ name, path: paths[name] ?? `/${name}`, core: by, http })
  // A resource is the same object each time.
  const known: Record<string, unknown> = own
  return withAnyMember(known, name => (known[name] = resourceWith(name, core))) as Client<A>
}
