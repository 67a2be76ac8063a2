// Rows that do not show their order, or not even their ids: clients get what they need to keep a list right.
import { once } from 'node:events'
import { get } from 'node:http'
import { describe, expect, onTestFinished, test } from 'vitest'
import { io } from 'socket.io-client'
import { api, memory, resource, sqlite, t, type Store } from '../src/index.ts'
import { EventStream } from '../src/testing/event-stream.ts'
import { NativeClient } from '../src/testing/native-client.ts'
import { served } from './speakers.ts'

const user = resource({ id: t.id(), name: t.text() }).public()
const task = resource({ id: t.id(), text: t.text(), rank: t.integer(), user: t.one('user') }).public()

/** The ids of a list in order, as a client in a protocol reconstructs them. */
interface List {
  readonly ids: readonly unknown[]
  /** Resolves when something has arrived. */
  next(): Promise<void>
}

/** What arrived about a list, whatever it is called in a protocol. */
class Told implements List {
  ids: unknown[] = []
  #wake: () => void = () => {}
  #heard = 0

  tell(change: { all?: unknown[]; enters?: unknown; leaves?: unknown }): void {
    const { all, enters, leaves } = change
    if (all) this.ids = all
    if (leaves !== undefined) this.ids = this.ids.filter(id => id !== leaves)
    if (enters !== undefined) this.ids.push(enters)
    this.#heard++
    this.#wake()
  }

  async next(): Promise<void> {
    const heard = this.#heard
    while (this.#heard === heard) await new Promise<void>(resolve => (this.#wake = resolve))
  }
}

const followers: Readonly<Record<string, (port: number, uri: string) => Promise<List>>> = {
  async sse(port, uri) {
    const list = new Told()
    const stream = new EventStream()
    const request = get({ port, path: uri, headers: { accept: 'text/event-stream' } }, answer => {
      answer.setEncoding('utf8').on('data', (text: string) => {
        stream.feed(text)
        for (const { event, data } of stream.events.splice(0)) {
          if (event === 'ids') list.tell({ all: data })
          if (event === 'order') list.tell({ all: data.ids })
          if (event === 'created') list.tell({ enters: data.id })
          if (event === 'deleted') list.tell({ leaves: data.id })
        }
      })
    })
    request.on('error', () => {})
    onTestFinished(() => void request.destroy())
    await list.next()
    return list
  },
  async native(port, uri) {
    const list = new Told()
    const client = await NativeClient.open(`ws://127.0.0.1:${port}/`)
    onTestFinished(() => client.cut())
    client.socket.on('message', data => {
      const { op, ids, events = [], order } = JSON.parse(String(data))
      if (op === 'snapshot') list.tell({ all: ids })
      for (const { kind, id } of events)
        list.tell(kind === 'enter' ? { enters: id } : kind === 'leave' ? { leaves: id } : {})
      if (order) list.tell({ all: order })
    })
    client.send({ id: 1, op: 'subscribe', uri })
    await list.next()
    return list
  },
  async socketio(port, uri) {
    const list = new Told()
    const socket = io(`http://127.0.0.1:${port}`, { transports: ['websocket'], forceNew: true, reconnection: false })
    onTestFinished(() => void socket.disconnect())
    socket.on('state', ({ ids }) => list.tell({ all: ids }))
    socket.on('create', ({ id }) => list.tell({ enters: id }))
    for (const event of ['delete', 'leave']) socket.on(event, ({ id }) => list.tell({ leaves: id }))
    socket.on('order', ({ ids }) => list.tell({ all: ids }))
    await once(socket as never, 'connect')
    socket.emit('subscribe', uri)
    await list.next()
    return list
  },
}

const stores: [string, () => Store][] = [
  ['memory', () => memory()],
  ['sqlite', () => sqlite(':memory:')],
]

describe.each(stores)('over %s', (_, store) => {
  test.each<[face: string, query: string]>(
    ['sse', 'native', 'socketio'].flatMap(face =>
      [
        'sort=rank&fields=text',
        'sort=user.name&fields=text',
        'sort=-rank&fields=text&limit=3',
        'sort=-user&fields=text,user.name',
      ].map(query => [face, query]),
    ),
  )('%s with %s follows the list as GET shows it', async (face, query) => {
    const app = api({ user, task }, { store: store(), report: () => {}, http: { log: () => {} } })
    const port = await served(app)
    await app.post('user', ['c', 'a', 'b'].map(name => ({ name }))) // prettier-ignore
    await app.post('task', [1, 2, 3].map(n => ({ text: `${n}`, rank: 10 * n, user: n }))) // prettier-ignore
    const list = await followers[face]!(port, `/task?${query}`)
    const shown = async (): Promise<unknown[]> => {
      const answer = await fetch(`http://127.0.0.1:${port}/task?${query.replace('fields=text', 'fields=id')}`)
      return ((await answer.json()) as { id: number }[]).map(row => row.id)
    }
    const writes: (() => Promise<unknown>)[] = [
      () => app.patch('task', 1, { rank: 25 }),
      () => app.patch('user', 2, { name: 'z' }),
      () => app.post('task', { text: '4', rank: 15, user: 3 }),
      () => app.delete('task', 2),
      () => app.patch('task', 4, { rank: 40, user: 2 }),
    ]
    expect(list.ids).toEqual(await shown())
    for (const write of writes) {
      await write()
      await expect.poll(() => list.ids).toEqual(await shown())
    }
  })
})
