import { isDeepStrictEqual } from 'node:util'
import { io, type Socket } from 'socket.io-client'
import { api } from '../../src/api.ts'
import { ModelError } from '../../src/model/faults.ts'
import type { DeclaredHandled } from '../../src/model/handled.ts'
import { departed } from './departures.ts'
import { freshStore } from '../server/fresh-store.ts'
import type { CaseResult, RunOptions } from '../result.ts'
import { serveSockets, type SocketServer } from '../server/socket-server.ts'
import { declareHandler, type World } from './handlers.ts'
import type { Event, SocketApiCase, Step } from './vector.ts'

export function isSocketApi(file: unknown): file is readonly SocketApiCase[] {
  return (
    Array.isArray(file) &&
    file.length > 0 &&
    file.every(one => (one as SocketApiCase).lib?.startsWith('Flask-SocketAPI'))
  )
}

/** Runs recorded cases of Flask-SocketAPI against a real server, with socket.io-client. */
export async function runSocketApi(file: readonly SocketApiCase[], options: RunOptions): Promise<CaseResult[]> {
  const results: CaseResult[] = []
  for (const one of file) results.push(await runCase(one, options))
  return results
}

async function runCase(one: SocketApiCase, options: RunOptions): Promise<CaseResult> {
  const { name, setup } = one
  const world: World = {
    log: [],
    store: Object.fromEntries(
      Object.entries(setup.store).map(([key, rows]) => [key, new Map(Object.entries(structuredClone(rows)) as never)]),
    ),
  }
  const declared: Record<string, DeclaredHandled> = {}
  for (const [i, vector] of setup.handlers.entries()) {
    const made = declareHandler(vector, world)
    if (typeof made === 'string') return { name, outcome: 'skipped', detail: made }
    declared[`${vector.kind}${i}`] = made
  }
  const steps = departed(one, id => options.onDeparture?.(id, name))
  const fault = await tried(one, declared, steps, world, options)
  return fault === null ? { name, outcome: 'passed' } : { name, outcome: 'failed', detail: fault }
}

async function tried(
  { setup }: SocketApiCase,
  declared: Readonly<Record<string, DeclaredHandled>>,
  steps: readonly Step[],
  world: World,
  options: RunOptions,
): Promise<string | null> {
  let server: SocketServer
  try {
    const app = api(declared, {
      store: freshStore(options.store),
      socketio: { debug: setup.debug ?? false, ...(setup.namespace !== undefined && { namespace: setup.namespace }) },
      http: { log: () => {} },
      onFault: () => {},
      report: () => {},
    })
    server = await serveSockets(app)
  } catch (error) {
    return judgeRegistration(error, setup.handlers, steps)
  }
  const runner = new Runner(server, world)
  try {
    for (const [i, step] of steps.entries()) {
      const fault = await runner.run(step)
      if (fault !== null) return `#${i} ${fault}`
    }
    return null
  } finally {
    runner.close()
    await server.close()
  }
}

/** The faults of a start against the recorded errors of registration. */
function judgeRegistration(
  error: unknown,
  handlers: SocketApiCase['setup']['handlers'],
  steps: readonly Step[],
): string | null {
  const expected = steps.flatMap(step => step.registration ?? [])
  if (!(error instanceof ModelError)) throw error
  const found = error.faults.map(({ place, problem }) => {
    const [key = '', rule] = place.split(' ')
    return { kind: handlers[Number(key.replace(/\D/g, ''))]!.kind, rule, message: problem }
  })
  return compare(
    'registration',
    found,
    expected.map(({ kind, rule, message }) => ({ kind, rule, message })),
  )
}

interface Client {
  readonly socket: Socket
  heard: Event[]
}

class Runner {
  readonly #server: SocketServer
  readonly #world: World
  readonly #clients = new Map<string, Client>()

  constructor(server: SocketServer, world: World) {
    this.#server = server
    this.#world = world
  }

  async run(step: Step): Promise<string | null> {
    if (step.connect) return this.#connect(step)
    if (step.disconnect) {
      this.#client(step).socket.disconnect()
      return null
    }
    if (step.send) {
      const ack = await this.#emit(step, step.send)
      return step.ack ? compare('ack', ack, step.ack) : null
    }
    if (step.expect) {
      const client = this.#client(step)
      await this.#server.told()
      // Its own answer comes after everything that it was told before.
      await this.#emit(step, { event: 'unsubscribe', args: ['/of the runner'] })
      const heard = client.heard.splice(0)
      return compare('events', heard, step.expect)
    }
    if (step.rooms) {
      const { id } = this.#client(step).socket
      const connection = [...this.#server.faces.socketio!.connections].find(one => one.id === id)
      return compare('subscriptions', connection?.subscriptions.keys ?? [], step.rooms)
    }
    if (step.expectStore) {
      return compare('store', Object.fromEntries(this.#world.store[step.store!] ?? []), step.expectStore)
    }
    if (step.log) return compare('log', this.#world.log, step.log)
    return step.registration ? 'nothing was refused at the start' : `the step is not known: ${JSON.stringify(step)}`
  }

  close(): void {
    for (const { socket } of this.#clients.values()) socket.disconnect()
  }

  async #connect({ client, namespace = '' }: Step): Promise<null> {
    const socket = io(`http://${this.#server.authority}${namespace}`, {
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
    })
    const made: Client = { socket, heard: [] }
    this.#clients.set(client!, made)
    socket.onAny((event: string, ...args: unknown[]) => made.heard.push({ event, args }))
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('connect_error', reject)
    })
    return null
  }

  #client({ client }: Step): Client {
    const found = this.#clients.get(client ?? '')
    if (!found) throw new Error(`client ${client} has not connected`)
    return found
  }

  #emit(step: Step, { event, args }: Event): Promise<unknown[]> {
    const { socket } = this.#client(step)
    return new Promise(resolve => socket.emit(event, ...args, (...answer: unknown[]) => resolve(answer)))
  }
}

function compare(what: string, found: unknown, expected: unknown): string | null {
  return isDeepStrictEqual(found, expected)
    ? null
    : `${what} ${JSON.stringify(found)} instead of ${JSON.stringify(expected)}`
}
