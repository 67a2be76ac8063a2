import { once } from 'node:events'
import { isDeepStrictEqual } from 'node:util'
import { WebSocket } from 'ws'
import type { Api } from '../../src/api.ts'
import type { EnvelopeFace } from '../../src/dialects/channels/face.ts'
import { actionsOf } from '../../src/dialects/channels/streams.ts'
import type { SocketSession } from '../../src/transport/socket/session.ts'
import { isObject } from '../object.ts'
import { Unknown } from '../result.ts'
import type { SocketServer } from '../server/socket-server.ts'
import { keyOf } from './departures.ts'
import type { Expectation } from './expected.ts'
import { binary, isRefusal } from './messages.ts'
import type { ChannelsCase, Members, OrmVector, Step } from './vector.ts'

/** A server whose WebSockets speak the envelope. */
type EnvelopeServer = SocketServer & { readonly face: EnvelopeFace }

interface Client {
  socket: WebSocket
  connection: SocketSession<string>
  heard: Members[]
  /** Messages that the ancestor did not answer, since the last look. */
  unanswered: unknown[]
}

/** Says and hears what steps say, at a server. */
export class Player {
  readonly #one: ChannelsCase
  readonly #app: Api
  readonly #server: EnvelopeServer
  readonly #log: readonly unknown[]
  readonly #expectation: Expectation
  readonly #note: (id: string) => void
  readonly #clients = new Map<string, Client>()
  #barriers = 0
  #wake: () => void = () => {}

  constructor(
    one: ChannelsCase,
    app: Api,
    server: EnvelopeServer,
    log: readonly unknown[],
    expectation: Expectation,
    note: (id: string) => void,
  ) {
    this.#one = one
    this.#app = app
    this.#server = server
    this.#log = log
    this.#expectation = expectation
    this.#note = note
  }

  /** Puts the rows of the setup into their tables. */
  async fill(): Promise<void> {
    for (const { model, values } of this.#one.setup.rows ?? []) await this.#insert(model, values)
  }

  #insert(model: string, values: Members): Promise<Members> {
    return this.#app.post(model, values as never)
  }

  async run(step: Step): Promise<string | null> {
    if (step.connect) return this.#connect(step)
    if (step.push !== undefined) return null // what a client makes of a message of some other server
    if (step.orm) {
      await this.#write(step.orm)
      await this.#server.told()
      return null
    }
    if (step.rows !== undefined) return compare('rows', await this.#rowsOf(step.rows), step.expectRows)
    if (step.log) return compare('log', this.#log, step.log)
    if (step.availableActions !== undefined) {
      const stream = this.#server.face.streams.get(step.availableActions)
      return compare('actions', stream && actionsOf(stream), step.expectActions)
    }
    const client = this.#clients.get(step.client ?? '')
    if (!client) throw new Error(`client ${step.client} has not connected`)
    if (step.reconnect) {
      client.socket.terminate()
      return this.#connect(step)
    }
    if (step.disconnect) {
      client.socket.terminate()
      this.#expectation.forget(step.client!)
    } else if (step.login !== undefined)
      client.connection.become(step.login === null ? null : { id: 1, name: step.login })
    else if (step.expect) return this.#expect(client, step)
    else await this.#send(client, step)
    return null
  }

  close(): void {
    for (const { socket } of this.#clients.values()) socket.terminate()
  }

  async #connect({ client = '' }: Step): Promise<null> {
    this.#clients.get(client)?.socket.terminate()
    this.#expectation.forget(client)
    const known = new Set(this.#server.face.connections)
    const socket = new WebSocket(`ws://${this.#server.authority}/ws`)
    const heard: Members[] = []
    const wake = (): void => this.#wake()
    socket.on('message', data => {
      heard.push(JSON.parse(String(data)) as Members)
      wake()
    })
    socket.on('close', wake)
    await once(socket, 'open')
    const connection = [...this.#server.face.connections].find(one => !known.has(one))!
    this.#clients.set(client, { socket, connection, heard, unanswered: [] })
    return null
  }

  async #send(client: Client, step: Step): Promise<void> {
    const { socket } = client
    const messages = step.clientSends === undefined ? [step.send] : [step.clientSends].flat()
    if (step.sendText !== undefined) socket.send(step.sendText)
    else if (step.sendBinary !== undefined) socket.send(binary(step.sendBinary))
    else
      for (const message of messages) {
        const before = await this.#rowOf(message)
        this.#expectation.sent(step.client!, message, await this.#rowsFor(message))
        socket.send(JSON.stringify(message))
        await this.#settle(client)
        const after = await this.#rowOf(message)
        if (before && isDeepStrictEqual(before.row, after?.row)) this.#expectation.notPushed(before.model, before.row)
      }
    if (step.serverError !== undefined) {
      client.unanswered.push(step.send)
      this.#note('no-silence')
    }
    await this.#settle(client)
  }

  async #expect(client: Client, { client: name = '', expect, unordered }: Step): Promise<string | null> {
    await this.#server.told()
    await this.#settle(client)
    const heard = client.heard.splice(0)
    for (const message of client.unanswered.splice(0)) {
      const answer = this.#answerOf(message)
      const at = heard.findIndex(one => (answer ? isDeepStrictEqual(one, answer) : isRefusal(one, message)))
      if (at < 0) return `nothing answers ${JSON.stringify(message)}: ${JSON.stringify(heard)}`
      heard.splice(at, 1)
    }
    const expected = this.#expectation.of(name, expect!)
    const order = (all: readonly unknown[]): unknown[] =>
      unordered ? all.map(one => JSON.stringify(sortedKeys(one))).toSorted() : [...all]
    return compare('frames', order(heard), order(expected))
  }

  /** Waits for the answer to a request that comes after all others; everything told before it has arrived then. */
  async #settle(client: Client): Promise<void> {
    const id = `barrier ${++this.#barriers}`
    client.socket.send(JSON.stringify({ stream: 'of the runner', payload: { action: 'list', request_id: id } }))
    const isIt = ({ payload }: Members): boolean => isObject(payload) && payload['request_id'] === id
    while (!client.heard.some(isIt)) {
      if (client.socket.readyState > WebSocket.OPEN) throw new Error('the server has closed the connection')
      await new Promise<void>(resolve => (this.#wake = resolve))
    }
    client.heard.splice(client.heard.findIndex(isIt), 1)
  }

  #rowsOf(model: string): Promise<readonly Members[]> {
    return this.#app.list(model)
  }

  #modelOf(message: unknown): string | null {
    if (!isObject(message)) return null
    const stream = this.#server.face.streams.get(String(message['stream']))
    return stream?.resource.name ?? null
  }

  async #rowsFor(message: unknown): Promise<readonly Members[]> {
    const model = this.#modelOf(message)
    return model === null ? [] : this.#rowsOf(model)
  }

  /** The row that a message may change. */
  async #rowOf(message: unknown): Promise<{ model: string; row: Members } | null> {
    const model = this.#modelOf(message)
    if (model === null || !isObject(message) || !isObject(message['payload'])) return null
    const { action, pk } = message['payload']
    if (action !== 'update' && action !== 'patch') return null
    const row = (await this.#rowsOf(model)).find(one => String(keyOf(one)) === String(pk))
    return row ? { model, row } : null
  }

  /** What an action returns is its answer, whatever it is; null = it is a mistake that nothing returns. */
  #answerOf(message: unknown): Members | null {
    if (!isObject(message) || !isObject(message['payload'])) return null
    const { action, request_id = null } = message['payload']
    const own = this.#one.setup.streams[String(message['stream'])]?.customActions
    const vector = own?.find(one => (one.name ?? one.method) === action)
    if (vector?.do !== 'notTuple') return null
    this.#note('answers-are-data')
    const payload = { errors: [], data: vector.value, action, response_status: 200, request_id }
    return { stream: message['stream'], payload }
  }

  async #write({ op, model, pk, values }: OrmVector): Promise<void> {
    const app = this.#app
    const all = await this.#rowsOf(model)
    const meant = pk === undefined ? all : all.filter(row => String(keyOf(row)) === String(pk))
    switch (op) {
      case 'create':
        await this.#insert(model, values as Members)
        return
      case 'bulk-create':
        for (const one of [values].flat() as Members[]) {
          const row = await this.#insert(model, one)
          this.#expectation.alsoPushed(model, 'create', row, keyOf(row))
        }
        return
      case 'save':
      case 'queryset-update':
        if (op === 'save' && meant.length === 0) {
          await this.#insert(model, values as Members)
          return
        }
        for (const row of meant) {
          const after = (await app.patch(
            model as never,
            keyOf(row) as never,
            (values ?? {}) as never,
          )) as unknown as Members
          if (op === 'queryset-update') {
            if (!isDeepStrictEqual(row, after)) this.#expectation.alsoPushed(model, 'update', after, keyOf(row))
          } else if (isDeepStrictEqual(row, after)) this.#expectation.notPushed(model, row)
        }
        return
      case 'delete':
      case 'queryset-delete':
        for (const row of meant) await app.delete(model as never, keyOf(row) as never)
        return
      default:
        throw new Unknown(`the operation ${op}`)
    }
  }
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
