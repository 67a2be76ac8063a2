// Clients are told which of their own writes a commit contains, by the idempotency keys that they chose.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { once } from 'node:events'
import { get } from 'node:http'
import { io } from 'socket.io-client'
import { describe, expect, onTestFinished, test } from 'vitest'
import { api, memory, resource, sqlite, t, type Api, type Store } from '../src/index.ts'
import { NativeClient } from '../src/testing/native-client.ts'
import { slow } from '../src/testing/slow-store.ts'
import { EventStream } from '../src/testing/event-stream.ts'
import { served } from './speakers.ts'

const list = resource({ id: t.id(), title: t.text() }).public()
const todo = resource({ id: t.id(), text: t.text(), list: t.one('list').nullable() }).public()

function open(store: Store): Api<any> {
  return api(
    { list, todo },
    {
      store,
      report: () => {},
      http: { log: () => {} },
      authenticate: credentials => {
        const id = credentials.header('x-user')
        return id === undefined ? null : { id }
      },
    },
  )
}

const stores: [string, () => Store][] = [
  ['memory', () => memory()],
  ['a slow store', () => slow(memory())],
  ['sqlite', () => sqlite(':memory:')],
]

/** Connects with restuary.1, and reads the next commit of a subscription. */
async function connect(port: number, user: string) {
  const client = await NativeClient.open(`ws://127.0.0.1:${port}/`, { 'x-user': user })
  onTestFinished(() => client.cut())
  const follow = (id: string, uri: string, rest: object = {}): Promise<any> =>
    client.ask({ id, op: 'subscribe', uri, ...rest })
  const commit = (sub: string): Promise<any> => client.hear(frame => frame.sub === sub && frame.op === 'commit')
  return { client, follow, commit, ask: (frame: object) => client.ask(frame) }
}

describe.each(stores)('over %s', (_, store) => {
  // Views of every kind: plain, shown with related rows, a window, sorted by what the rows do not show.
  test.each(['/todo', '/todo?include=list', '/todo?limit=2', '/todo?fields=id&sort=text'])(
    'a commit of %s has the keys of its own caller, and of nobody else',
    async uri => {
      const port = await served(open(store()))
      const [ann, bob] = [await connect(port, 'ann'), await connect(port, 'bob')]
      await ann.follow('s', uri)
      await bob.follow('s', uri)
      await ann.ask({ op: 'create', uri: '/todo', data: { text: 'a' }, key: 'k-1' })
      expect((await ann.commit('s')).by).toEqual(['k-1'])
      expect(await bob.commit('s')).not.toHaveProperty('by')
      await ann.ask({ op: 'create', uri: '/todo', data: { text: 'b' } })
      expect(await ann.commit('s')).not.toHaveProperty('by')
    },
  )

  test('who comes back is told the keys of what was missed', async () => {
    const port = await served(open(store()))
    const before = await connect(port, 'ann')
    const { position } = await before.ask({ op: 'list', uri: '/todo' })
    await before.ask({ op: 'create', uri: '/todo', data: [{ text: 'a' }, { text: 'b' }], key: 'k-1' })
    await before.ask({ op: 'patch', uri: '/todo/1', data: { text: 'c' }, key: 'k-2' })
    before.client.cut()
    for (const uri of ['/todo', '/todo?sort=text&limit=5', '/todo?include=list']) {
      const after = await connect(port, 'ann')
      await after.follow('s', uri, { since: position })
      const keys = (await after.commit('s')).by
      while (!keys.includes('k-2')) keys.push(...(await after.commit('s')).by)
      expect(keys).toEqual(['k-1', 'k-2'])
    }
  })

  test('what a mode holds back keeps its keys', async () => {
    const app = open(store())
    const ann = await connect(await served(app), 'ann')
    await ann.follow('s', '/todo', { mode: 60_000 })
    for (const key of ['k-1', 'k-2', 'k-3']) await ann.ask({ op: 'create', uri: '/todo', data: { text: 'a' }, key })
    await ann.ask({ op: 'ping' })
    expect((await ann.commit('s')).by).toEqual(['k-1'])
    expect((await ann.commit('s')).by).toEqual(['k-2', 'k-3'])
  })

  test('a stream and Socket.IO tell them as well', async () => {
    const app = open(store())
    const port = await served(app)
    const stream = new EventStream()
    const reading = get({ port, path: '/todo', headers: { accept: 'text/event-stream', 'x-user': 'ann' } }, answer =>
      answer.setEncoding('utf8').on('data', (text: string) => stream.feed(text)),
    )
    reading.on('error', () => {})
    onTestFinished(() => void reading.destroy())
    await stream.take(1)
    const socket = io(`http://127.0.0.1:${port}`, {
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
      extraHeaders: { 'x-user': 'ann' },
    })
    onTestFinished(() => void socket.disconnect())
    await once(socket as never, 'connect')
    await new Promise(resolve => socket.emit('subscribe', '/todo', {}, resolve))
    const told = once(socket as never, 'create')
    await fetch(`http://127.0.0.1:${port}/todo`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': 'k-1', 'x-user': 'ann' },
      body: '{"text":"a"}',
    })
    expect(await told).toMatchObject([{ resource: { text: 'a' }, by: ['k-1'] }])
    expect(await stream.take(2)).toMatchObject([{ event: 'by', data: { keys: ['k-1'] } }, { event: 'created' }])
  })
})

test('keys are told after a restart, and over a file of an earlier version', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'restuary-keys-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'a.db')
  const first = open(sqlite(file))
  await first.safe.post('todo', { text: 'old' })
  await first.close()
  const db = new DatabaseSync(file)
  db.exec('ALTER TABLE _restuary_log DROP COLUMN signature')
  db.close()
  const second = open(sqlite(file))
  const { position } = (await second.safe.list('todo')) as { position: string }
  await second.fetch(
    new Request('http://host/todo', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': 'k-1', 'x-user': 'ann' },
      body: '{"text":"a"}',
    }),
  )
  await second.close()
  const ann = await connect(await served(open(sqlite(file))), 'ann')
  await ann.follow('s', '/todo', { since: position })
  expect(await ann.commit('s')).toMatchObject({ by: ['k-1'], events: [{ kind: 'enter' }] })
})
