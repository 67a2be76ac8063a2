import { isDeepStrictEqual } from 'node:util'
import { io, type Socket } from 'socket.io-client'
import { api } from '../../src/api.ts'
import { ModelError } from '../../src/model/link/faults.ts'
import type { DeclaredHandled } from '../../src/model/declare/handled.ts'
import { knownWords, late, within, type Closing } from '../each.ts'
import { Unknown, type StoreKind } from '../result.ts'
import { freshStore } from '../server/fresh-store.ts'
import { serveSockets, type SocketServer } from '../server/socket-server.ts'
import { declareHandler, declareTodo, type World } from './handlers.ts'
import { words, type Event, type SetupVector, type Step } from './vector.ts'

/** Milliseconds after which an answer is not to be expected any more: a connection that serves nothing gives none. */
const answerMs = 2_000

/** What a step has found, in the words of steps. */
export type Found = Pick<Step, 'expect' | 'rooms' | 'expectStore' | 'log' | 'registration' | 'ack'>

interface Client {
  readonly socket: Socket
  heard: Event[]
}

/** A server with recorded handlers, and clients of it. */
export class Player {
  readonly #server: SocketServer | null
  readonly #world: World
  readonly #refused: NonNullable<Step['registration']>
  readonly #clients = new Map<string, Client>()

  private constructor(server: SocketServer | null, world: World, refused: NonNullable<Step['registration']>) {
    this.#server = server
    this.#world = world
    this.#refused = refused
  }

  static async open(setup: SetupVector, store: StoreKind, closing: Closing): Promise<Player> {
    knownWords('setup with', setup, words.setup)
    const { handlers = [], example, namespace, store: rows = {} } = setup
    const world: World = {
      log: [],
      store: Object.fromEntries(
        Object.entries(rows).map(([name, all]) => [name, new Map(Object.entries(structuredClone(all)) as never)]),
      ),
    }
    const declared: Record<string, DeclaredHandled> = {}
    if (example !== undefined) {
      if (example !== true && !/todo/i.test(String(example))) throw new Unknown(`example ${String(example)}`)
      declared['todo'] = declareTodo(world)
    }
    for (const [i, vector] of handlers.entries()) declared[`${vector.kind}${i}`] = declareHandler(vector, world)
    try {
      const app = api(declared, {
        store: freshStore(store),
        socketio: { debug: setup.debug ?? example !== undefined, ...(namespace != null && { namespace }) },
        http: { log: () => {} },
        onFault: () => {},
        report: () => {},
      })
      const server = await serveSockets(app)
      closing.defer(() => server.close())
      const player = new Player(server, world, [])
      closing.defer(() => player.#close())
      return player
    } catch (error) {
      if (!(error instanceof ModelError)) throw error
      const refused = error.faults.map(({ place, problem }) => {
        const [key = '', rule = ''] = place.split(' ')
        return { kind: handlers[Number(key.replaceAll(/\D/g, ''))]?.kind ?? key, rule, message: problem }
      })
      return new Player(null, world, refused)
    }
  }

  /** Does what a step says; what it found where it looks at something. */
  async play(step: Step): Promise<Found> {
    if (step.registration) return { registration: this.#refused }
    if (!this.#server) throw new Error(`refused at the start: ${JSON.stringify(this.#refused)}`)
    if (step.connect) return this.#connect(step)
    if (step.disconnect) {
      this.#client(step).socket.disconnect()
      return {}
    }
    if (step.send) return this.#send(step, step.send)
    if (step.expect) {
      const client = this.#client(step)
      await this.#settle(client)
      return { expect: client.heard.splice(0) }
    }
    if (step.rooms) {
      const client = this.#client(step)
      await this.#settle(client)
      const connection = [...this.#server.faces.socketio!.connections].find(one => one.id === client.socket.id)
      return { rooms: connection?.subscriptions.keys.map(String) ?? [] }
    }
    if (step.store !== undefined) {
      for (const client of this.#clients.values()) await this.#settle(client)
      return { expectStore: Object.fromEntries(this.#world.store[step.store] ?? []) }
    }
    if (step.log) return { log: this.#world.log }
    throw new Unknown(`step ${Object.keys(step).join(', ')}`)
  }

  #close(): void {
    for (const { socket } of this.#clients.values()) socket.disconnect()
  }

  async #connect({ client = '', namespace = '' }: Step): Promise<Found> {
    const socket = io(`http://${this.#server!.authority}${namespace}`, {
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
    })
    this.#clients.get(client)?.socket.disconnect()
    const made: Client = { socket, heard: [] }
    this.#clients.set(client, made)
    socket.onAny((event: string, ...args: unknown[]) => made.heard.push({ event, args }))
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('connect_error', reject)
    })
    return {}
  }

  #client({ client = '' }: Step): Client {
    const found = this.#clients.get(client)
    if (!found) throw new Error(`client ${client} has not connected`)
    return found
  }

  /** The message goes out as the client sends it: with an acknowledgement if it wants one. */
  async #send(step: Step, { event, args }: Event): Promise<Found> {
    const client = this.#client(step)
    if (!step.wantAck && !step.ack) {
      client.socket.emit(event, ...args)
      await this.#settle(client)
      return {}
    }
    const ack = await this.#ask(client, event, args)
    return ack === late ? {} : { ack }
  }

  /** Everything that the client was told is here once an answer to a later request is: messages are done in turn. */
  async #settle(client: Client): Promise<void> {
    await this.#server?.told()
    if (client.socket.connected) await this.#ask(client, 'unsubscribe', ['/of the runner'])
  }

  #ask({ socket }: Client, event: string, args: readonly unknown[]): Promise<unknown[] | typeof late> {
    return within(
      answerMs,
      new Promise<unknown[]>(resolve => socket.emit(event, ...args, (...answer: unknown[]) => resolve(answer))),
    )
  }
}

/** Values that the server has chosen, by the names that a case gives them. */
export class Captures {
  readonly #values = new Map<string, unknown>()

  /** A step with what is known by now in it. */
  filled<T>(value: T): T {
    if (this.#values.size === 0) return value
    return this.#fill(value) as T
  }

  #fill(value: unknown): unknown {
    if (typeof value === 'string') {
      if (this.#values.has(value)) return this.#values.get(value)
      let text = value
      for (const [name, one] of this.#values) text = text.replaceAll(name, String(one))
      return text
    }
    if (Array.isArray(value)) return value.map(one => this.#fill(one))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [String(this.#fill(key)), this.#fill(one)]))
  }

  /** Binds the names that are where a value was found, in every value that is expected (`$ID1`), or by a path to it. */
  bind({ capture }: Step, expected: unknown, found: unknown): void {
    if (typeof capture === 'object' && !Array.isArray(capture))
      for (const [name, path] of Object.entries(capture)) this.#values.set(name, valueAt(found, path.split('.')))
    this.#meet(expected, found)
  }

  #meet(expected: unknown, found: unknown): void {
    if (typeof expected === 'string') {
      const [before = '', name, after = ''] = expected.split(/(\$[A-Z][A-Z0-9_]*)/)
      if (name === undefined || this.#values.has(name)) return
      if (before === '' && after === '') this.#values.set(name, found)
      else if (typeof found === 'string' && found.startsWith(before) && found.endsWith(after))
        this.#values.set(name, found.slice(before.length, found.length - after.length))
      return
    }
    if (typeof expected !== 'object' || expected === null || typeof found !== 'object' || found === null) return
    for (const [key, one] of Object.entries(expected))
      this.#meet(one, (found as Readonly<Record<string, unknown>>)[key])
  }
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>)[key] : undefined),
    value,
  )
}

/** Whether what was found is what a step expects, as far as languages agree. */
export function isAsExpected(step: Step, word: keyof Found, expected: unknown, found: unknown): boolean {
  if (word === 'rooms') return isDeepStrictEqual(new Set(found as string[]), new Set(expected as string[]))
  const order = (events: unknown): unknown =>
    step.unordered && Array.isArray(events) ? events.map(one => JSON.stringify(sorted(one))).toSorted() : events
  const [a, b] = [structuredClone(expected), structuredClone(found)]
  for (const path of Object.keys(step.portable ?? {}))
    for (const list of [a, b]) if (Array.isArray(list)) for (const one of list) blank(one, path.split('.'))
  return isDeepStrictEqual(order(a), order(b))
}

/** Leaves of a value only that it is a text. */
function blank(value: unknown, path: readonly string[]): void {
  const holder = valueAt(value, path.slice(0, -1))
  const key = path.at(-1)!
  if (typeof holder !== 'object' || holder === null) return
  const members = holder as Record<string, unknown>
  if (typeof members[key] === 'string') members[key] = '…'
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(members.map(([key, one]) => [key, sorted(one)]))
}
