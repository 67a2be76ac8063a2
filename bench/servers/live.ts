// One list, written over HTTP, told to everyone who is connected: by subscriptions of restuary.1, or, with --naive, as one
// would write it first: JSON.stringify a change, then ws.send in a loop. Everything below the fan-out is the same.
import { createServer, type IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import { api, memory, resource, serve, sqlite, t } from '../../src/index.ts'
import { handler } from '../../src/transport/node.ts'
import { tellReady, titleOf } from './todo.ts'

const argument = (name: string): string | undefined =>
  process.argv.find(one => one.startsWith(`--${name}=`))?.slice(name.length + 3)
const port = Number(argument('port'))
const rows = Number(argument('rows') ?? 500)
const db = argument('db')

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

if (process.argv.includes('--naive')) {
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false })
  const server = createServer(handler(app.engine, app.http))
  server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) =>
    sockets.handleUpgrade(request, stream, head, socket => socket.on('error', () => {})),
  )
  await app.http.live!.follow(commits => {
    for (const { changes } of commits ?? [])
      for (const { seq, after } of changes) {
        const [id, , , title, done] = after!
        const text = JSON.stringify({ uri: '/todos', position: seq, change: { id, title, done } })
        for (const socket of sockets.clients) socket.send(text)
      }
  }, null)
  server.listen(port, '127.0.0.1', () => tellReady(port))
} else {
  await serve(app, { port, report: () => {} })
  tellReady(port)
}
