// How much of the main thread a live list takes: 10,000 sorted rows in one client, and 1,000 changes a second. All clients have
// the WebSocket of `ws`, as that of Node takes more time than most of them, and pages have neither.
// usage: node bench/live-client.ts [ROWS] [CHANGES] [KIND …]. Peers are looked for in RESTUARY_PEERS (README.md).
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createCollection, createLiveQueryCollection } from '@tanstack/db'
import { WebSocket as Socket, WebSocketServer } from 'ws'
import { client } from '../src/client/index.ts'
import { api, resource, serve, t } from '../src/index.ts'

interface Card {
  readonly id: number
  readonly text: string
  readonly rank: number
  readonly done: boolean
}
type Change = (card: Card) => void

const [rows = 10_000, changes = 5_000] = process.argv.slice(2, 4).map(Number)
const PER_SECOND = 1_000
const peers = process.env['RESTUARY_PEERS']
const made = (id: number): Card => ({ id, text: `card ${id}`, rank: (id * 7919) % rows, done: false })
const all = (): Card[] => Array.from({ length: rows }, (_, i) => made(i + 1))

/** Every second change moves a row, the others do not. */
const changed = (n: number): Card => {
  const card = made(((n * 104_729) % rows) + 1)
  return n % 2 === 0 ? { ...card, rank: (card.rank + n) % rows } : { ...card, text: `card ${card.id}, change ${n}` }
}

/** A server and a client of one kind. */
interface Kind {
  serve(): Promise<{ readonly port: number; readonly change: Change }>
  /** Has `changed` called when there are other rows to show. Resolves to what reads them, in their order. */
  follow(port: number, changed: () => void): Promise<() => readonly Card[]>
}

const byRank = (a: Card, b: Card): number => a.rank - b.rank || a.id - b.id

/** The list as code by hand keeps it: a new array for each change, and one row moved in it. */
function handWritten(known: readonly Card[], changed: () => void): Followed {
  let sorted = known.toSorted(byRank)
  return {
    read: () => sorted,
    change(card) {
      sorted = sorted.filter(one => one.id !== card.id)
      const at = sorted.findIndex(one => byRank(one, card) > 0)
      sorted.splice(at < 0 ? sorted.length : at, 0, card)
      changed()
    },
  }
}

interface Followed {
  readonly read: () => readonly Card[]
  readonly change: Change
}

async function listening(server: WebSocketServer): Promise<number> {
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

async function plainServer(): ReturnType<Kind['serve']> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  server.on('connection', socket => socket.send(JSON.stringify(all())))
  const change: Change = card => server.clients.forEach(socket => socket.send(JSON.stringify(card)))
  return { port: await listening(server), change }
}

/** The rows of a plain WebSocket: all of them first, then each that changes. */
function plainRows(port: number, first: (cards: readonly Card[]) => Followed): Promise<() => readonly Card[]> {
  return new Promise(resolve => {
    let followed: Followed | null = null
    new Socket(`ws://127.0.0.1:${port}`).on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as never
      if (followed) return followed.change(message)
      followed = first(message)
      resolve(followed.read)
    })
  })
}

const kinds: Record<string, Kind> = {
  restuary: {
    async serve() {
      const card = resource({ id: t.id(), text: t.text(), rank: t.integer(), done: t.bool() }).public()
      const app = api({ card }, { report: () => {}, http: { log: () => {} } })
      for (let i = 0; i < rows; i += 1_000)
        await app.create(
          'card',
          all()
            .slice(i, i + 1_000)
            .map(({ text, rank, done }) => ({ text, rank, done })),
        )
      const { port } = await serve(app, { port: 0, signals: false, report: () => {} })
      return { port, change: ({ id, ...card }) => void app.patch('card', id, card) }
    },
    async follow(port, changed) {
      // oxlint-disable-next-line typescript/no-explicit-any -- the server is another process
      const live = (client(`http://127.0.0.1:${port}`, { WebSocket: Socket as never }) as any).card.live({
        sort: 'rank',
      })
      live.subscribe(changed)
      await live.ready
      return () => live.rows
    },
  },
  'by hand': { serve: plainServer, follow: (port, changed) => plainRows(port, cards => handWritten(cards, changed)) },
  'tanstack-db': {
    serve: plainServer,
    follow: (port, changed) =>
      plainRows(port, cards => {
        let write: Change = () => {}
        const collection = createCollection<Card, number>({
          getKey: card => card.id,
          sync: {
            sync({ begin, write: put, commit, markReady }) {
              begin()
              for (const card of cards) put({ type: 'insert', value: card })
              void commit()
              markReady()
              write = card => {
                begin()
                put({ type: 'update', value: card })
                void commit()
              }
            },
          },
        })
        const sorted = createLiveQueryCollection({
          query: q => q.from({ card: collection }).orderBy(({ card }) => card.rank),
          startSync: true,
        })
        sorted.subscribeChanges(changed)
        return { read: () => sorted.toArray, change: card => write(card) }
      }),
  },
  feathers: {
    async serve() {
      const load = createRequire(join(peers!, 'x.js'))
      const { feathers } = load('@feathersjs/feathers')
      const app = load('@feathersjs/koa').koa(feathers())
      app.configure(load('@feathersjs/socketio')())
      app.use('card', { find: async () => all(), patch: async (_: number, card: Card) => card })
      app.on('connection', (connection: object) => app.channel('all').join(connection))
      app.service('card').publish(() => app.channel('all'))
      const server = await app.listen(0, '127.0.0.1')
      if (!server.listening) await once(server, 'listening')
      return {
        port: (server.address() as AddressInfo).port,
        change: card => void app.service('card').patch(card.id, card),
      }
    },
    async follow(port, changed) {
      const load = createRequire(join(peers!, 'x.js'))
      const socket = load('socket.io-client').io(`http://127.0.0.1:${port}`, { transports: ['websocket'] })
      const app = load('@feathersjs/feathers').feathers().configure(load('@feathersjs/socketio-client').default(socket))
      const service = app.service('card')
      const { read, change } = handWritten(await service.find(), changed)
      service.on('patched', change)
      return read
    },
  },
}

async function runServer(kind: Kind): Promise<void> {
  const { port, change } = await kind.serve()
  process.on('message', () => {
    const began = performance.now()
    let sent = 0
    const timer = setInterval(() => {
      const due = Math.min(changes, Math.floor(((performance.now() - began) * PER_SECOND) / 1000))
      while (sent < due) change(changed(sent++))
      if (sent === changes) clearInterval(timer)
    }, 1)
  })
  process.send!(port)
}

async function runClient(kind: Kind, port: number): Promise<void> {
  globalThis.gc!()
  const empty = process.memoryUsage().heapUsed
  let frames = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  // What a page draws it reads once a frame, however it is told of changes.
  const draw = (): void => {
    timer = undefined
    shown = read()
    frames++
  }
  let read = (): readonly Card[] => []
  let shown = read()
  read = await kind.follow(port, () => (timer ??= setTimeout(draw, 16)))
  shown = read()
  await new Promise(resolve => setTimeout(resolve, 500))
  globalThis.gc!()
  const bytes = (process.memoryUsage().heapUsed - empty) / rows
  const last = changed(changes - 1)
  const before = process.cpuUsage()
  frames = 0
  process.send!('ready')
  while (shown.find(one => one.id === last.id)?.text !== last.text)
    await new Promise(resolve => setTimeout(resolve, 50))
  const { user, system } = process.cpuUsage(before)
  process.send!({
    micros: Math.round((user + system) / changes),
    bytes: Math.round(bytes),
    frames,
    rows: shown.length,
  })
}

function child(role: string, name: string, ...more: string[]): ChildProcess {
  const args = [String(rows), String(changes), role, name, ...more]
  return fork(import.meta.filename, args, { execArgv: ['--expose-gc', '--disable-warning=ExperimentalWarning'] })
}

const [role, name, port] = process.argv.slice(4)
const asked = process.argv.slice(4)
if (role === 'server') await runServer(kinds[name!]!)
else if (role === 'client') await runClient(kinds[name!]!, Number(port))
else
  for (const one of (asked.length > 0 ? asked : Object.keys(kinds)).filter(
    kind => kind !== 'feathers' || peers !== undefined,
  )) {
    const server = child('server', one)
    const [at] = (await once(server, 'message')) as [number]
    const follower = child('client', one, String(at))
    await once(follower, 'message')
    server.send('begin')
    const [result] = await once(follower, 'message')
    console.log(one, result)
    for (const process of [server, follower]) process.kill()
  }
