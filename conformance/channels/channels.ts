import { once } from 'node:events'
import { isDeepStrictEqual } from 'node:util'
import { WebSocket } from 'ws'
import { api, type Api } from '../../src/api.ts'
import type { AnyResource } from '../../src/model/declaration.ts'
import type { Id } from '../../src/model/model.ts'
import type { Session } from '../../src/transport/socket/session.ts'
import { actionsOf } from '../../src/transport/websocket/envelope/streams.ts'
import { declareStream, permissionsOf } from './models.ts'
import type { ChannelsCase, Members, Step } from './vector.ts'
import { departed } from './departures.ts'
import { freshStore } from '../server/fresh-store.ts'
import type { CaseResult, RunOptions } from '../result.ts'
import { serveSockets, type SocketServer } from '../server/socket-server.ts'

/** Cases whose setup says in prose what they need. */
const denying: ReadonlySet<string> = new Set(['dcrf-permission-denied-403'])

export function isChannels(file: unknown): file is readonly ChannelsCase[] {
  return Array.isArray(file) && file.length > 0 && file.every(one => 'streams' in ((one as ChannelsCase).setup ?? {}))
}

/** Runs recorded cases of the envelope against a real server, over WebSockets. */
export async function runChannels(file: readonly ChannelsCase[], options: RunOptions): Promise<CaseResult[]> {
  const results: CaseResult[] = []
  for (const one of file) results.push(await runCase(one, options))
  return results
}

async function runCase(one: ChannelsCase, options: RunOptions): Promise<CaseResult> {
  const { name, setup, profile } = one
  const skipped = (detail: string): CaseResult => ({ name, outcome: 'skipped', detail })
  const log: unknown[] = []
  const resources: Record<string, AnyResource> = {}
  const names = new Map<string, string>()
  for (const [stream, vector] of Object.entries(setup.streams)) {
    const permissions = denying.has(name) ? ['BasePermission'] : vector.permissions
    const given = permissions ? { ...vector, permissions } : vector
    const declared = declareStream(stream, given, setup.pageSize ?? 25, log)
    if (typeof declared === 'string') return skipped(declared)
    // Of two streams of one model the first has the rows.
    const key = names.has(vector.model) ? `${vector.model}_${stream}` : vector.model
    if (!names.has(vector.model)) names.set(vector.model, key)
    resources[key] = declared
  }
  for (const { model } of setup.rows ?? []) if (!names.has(model)) return skipped(`model ${model}`)
  const permissions = permissionsOf(setup.defaultPermissions, log)
  if (typeof permissions === 'string') return skipped(permissions)
  const app = api(resources, {
    store: freshStore(options.store),
    permissions,
    websocket: { envelope: profile === 'dcrf' ? 'dcrf' : 'channels' },
    http: { log: () => {} },
    onFault: () => {},
    report: () => {},
  })
  const server = await serveSockets(app)
  const runner = new Runner(app, server, log)
  try {
    for (const { model, values } of setup.rows ?? []) await app.post(model, values as never)
    const steps = departed(one, id => options.onDeparture?.(id, name))
    for (const [i, step] of steps.entries()) {
      const fault = await runner.run(step)
      if (fault !== null) return { name, outcome: 'failed', detail: `#${i} ${fault}` }
    }
    return { name, outcome: 'passed' }
  } finally {
    runner.close()
    await server.close()
  }
}

interface Client {
  readonly socket: WebSocket
  readonly connection: Session<string>
  heard: Members[]
  /** Messages that the ancestor did not answer, since the last look. */
  unanswered: unknown[]
}

class Runner {
  readonly #app: Api
  readonly #server: SocketServer
  readonly #log: readonly unknown[]
  readonly #clients = new Map<string, Client>()
  #barriers = 0
  #wake: () => void = () => {}

  constructor(app: Api, server: SocketServer, log: readonly unknown[]) {
    this.#app = app
    this.#server = server
    this.#log = log
  }

  async run(step: Step): Promise<string | null> {
    if (step.connect) return this.#connect(step)
    if (step.push !== undefined) return null // what a client makes of a message of some other server
    if (step.orm) return this.#write(step.orm)
    if (step.rows !== undefined) return compare('rows', await this.#app.list(step.rows), step.expectRows)
    if (step.log) return compare('log', this.#log, step.log)
    if (step.availableActions !== undefined) {
      const stream = this.#server.faces.envelope!.streams.get(step.availableActions)!
      return compare('actions', actionsOf(stream), step.expectActions)
    }
    const client = this.#clients.get(step.client ?? '')
    if (!client) return `client ${step.client} has not connected`
    if (step.disconnect) client.socket.terminate()
    else if (step.login !== undefined) client.connection.become({ id: 1, name: step.login })
    else if (step.expect) return this.#expect(client, step)
    else await this.#send(client, step)
    return null
  }

  close(): void {
    for (const { socket } of this.#clients.values()) socket.terminate()
  }

  async #connect({ client }: Step): Promise<null> {
    const socket = new WebSocket(`ws://${this.#server.authority}/ws`)
    const heard: Members[] = []
    socket.on('message', data => {
      heard.push(JSON.parse(String(data)) as Members)
      this.#wake()
    })
    await once(socket, 'open')
    const connection = [...this.#server.faces.envelope!.connections].at(-1)!
    this.#clients.set(client!, { socket, connection, heard, unanswered: [] })
    return null
  }

  async #send(client: Client, step: Step): Promise<void> {
    const { socket } = client
    if (step.sendText !== undefined) socket.send(step.sendText)
    else if (step.sendBinary !== undefined) socket.send(Buffer.from([0, 1, 2]))
    else socket.send(JSON.stringify(step.send))
    if (step.serverError !== undefined) client.unanswered.push(step.send)
    await this.#settle(client)
  }

  async #expect(client: Client, { expect, unordered }: Step): Promise<string | null> {
    await this.#app.http.live!.advance()
    await this.#settle(client)
    const heard = client.heard.splice(0)
    for (const message of client.unanswered.splice(0)) {
      const at = heard.findIndex(one => isRefusal(one, message))
      if (at < 0) return `nothing refuses ${JSON.stringify(message)}: ${JSON.stringify(heard)}`
      heard.splice(at, 1)
    }
    const order = (all: readonly unknown[]): unknown[] =>
      unordered ? all.map(one => JSON.stringify(sortedKeys(one))).toSorted() : [...all]
    return compare('frames', order(heard), order(expect!))
  }

  /** Waits for the answer to a request that comes after all others; everything told before it has arrived then. */
  async #settle(client: Client): Promise<void> {
    const id = `barrier ${++this.#barriers}`
    client.socket.send(JSON.stringify({ stream: 'of the runner', payload: { action: 'list', request_id: id } }))
    const isIt = ({ payload }: Members): boolean => (payload as Members)['request_id'] === id
    while (!client.heard.some(isIt)) await new Promise<void>(resolve => (this.#wake = resolve))
    client.heard.splice(client.heard.findIndex(isIt), 1)
  }

  async #write({ op, model, pk, values }: NonNullable<Step['orm']>): Promise<string | null> {
    const app = this.#app
    switch (op) {
      case 'create':
      case 'bulk-create':
        await app.post(model, values as never)
        return null
      case 'save':
      case 'queryset-update':
        await app.patch(model, pk! as never, values as never)
        return null
      case 'delete':
        await app.delete(model, pk! as never)
        return null
      case 'queryset-delete':
        for (const row of (await app.list(model)) as { readonly id: Id }[]) await app.delete(model, row.id as never)
        return null
      default:
        return `the operation ${op} is not known`
    }
  }
}

/** A reply that tells what is wrong, with what of the message could be read. */
function isRefusal(frame: Members, message: unknown): boolean {
  const { stream = null, payload } = (message ?? {}) as Members
  const asked = (typeof payload === 'object' && payload !== null ? payload : {}) as Members
  const told = frame['payload'] as Members
  const { errors, data, action, response_status: status, request_id: id } = told
  return (
    frame['stream'] === (typeof stream === 'string' ? stream : null) &&
    Array.isArray(errors) &&
    errors.length === 1 &&
    data === null &&
    (action === null || action === asked['action']) &&
    (status === 400 || status === 404 || status === 500) &&
    isDeepStrictEqual(id, asked['request_id'] ?? null)
  )
}

function sortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedKeys)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sortedKeys(inner)]),
  )
}

function compare(what: string, found: unknown, expected: unknown): string | null {
  return isDeepStrictEqual(found, expected)
    ? null
    : `${what} ${JSON.stringify(found)} instead of ${JSON.stringify(expected)}`
}
