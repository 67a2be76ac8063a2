// One list, written over HTTP, told to everyone who is connected: by subscriptions; or, with --way, as one would write it
// first: ws = JSON.stringify a change, then ws.send in a loop; rooms = Socket.IO's room broadcast. Everything below the
// fan-out is the same.
import { createServer, type IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { Server } from 'socket.io'
import { WebSocketServer } from 'ws'
import { api, memory, resource, serve, sqlite, t } from '../../src/index.ts'
import { handler } from '../../src/transport/hosts/node.ts'
import { tellReady, titleOf } from './todo.ts'

const argument = (name: string): string | undefined =>
  process.argv.find(one => one.startsWith(`--${name}=`))?.slice(name.length + 3)
const port = Number(argument('port'))
const rows = Number(argument('rows') ?? 500)
const db = argument('db')
const way = argument('way') ?? 'subscriptions'

const todo = resource(
  { id: t.id(), title: t.text({ max: 200 }), done: t.integer({ min: 0, max: 1 }).default(0) },
  { path: 'todos' },
).public()
const store = db === undefined ? memory() : sqlite(db, { synchronous: 'normal' })
const app = api({ todo }, { store, report: () => {} })
await app.ready()
await app.post(
  'todo',
  Array.from({ length: rows }, (_, i) => ({ title: titleOf(i + 1) })),
)

interface Todo {
  readonly id: unknown
  readonly title: unknown
  readonly done: unknown
}

/** Calls back for every change, one by one. */
const follow = (tell: (seq: number, change: Todo) => void): Promise<unknown> =>
  app.http.live!.follow(commits => {
    for (const { changes } of commits ?? [])
      for (const { seq, after } of changes) {
        const [id, , , title, done] = after!
        tell(seq, { id, title, done })
      }
  }, null)

if (way === 'subscriptions') {
  await serve(app, { port, report: () => {} })
  tellReady(port)
} else {
  const server = createServer(handler(app.engine, app.http))
  if (way === 'ws') {
    const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false })
    server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) =>
      sockets.handleUpgrade(request, stream, head, socket => socket.on('error', () => {})),
    )
    await follow((position, change) => {
      const text = JSON.stringify({ uri: '/todos', position, change })
      for (const socket of sockets.clients) socket.send(text)
    })
  } else {
    const io = new Server(server, { serveClient: false })
    io.on('connection', socket => void socket.join('todos'))
    await follow((_, { id, ...patch }) => io.to('todos').emit('patch', { uri: `/todos/${id as number}`, patch }))
  }
  server.listen(port, '127.0.0.1', () => tellReady(port))
}
