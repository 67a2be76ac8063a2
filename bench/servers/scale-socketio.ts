// The way one would write it by hand: after each write the queries of all subscribers run again, and changes are emitted.
import { createServer } from 'node:http'
import { Server } from 'socket.io'
import { readScaleStart, writeOnDemand } from './scale-start.ts'
import { changing, openTables, questionOf, type Todo } from './scale-tables.ts'
import { tellReady } from './todo.ts'

const start = readScaleStart()
const db = openTables(start)
const question = questionOf(db, start.reading)
const change = changing(db)

/** Todos by id, as texts: what a subscriber has received. */
type Seen = Map<number, string>
const ask = (value: number): Seen =>
  new Map((question.all(value) as unknown as Todo[]).map(todo => [todo.id, JSON.stringify(todo)]))

interface Subscriber {
  readonly emit: (event: string, value: unknown) => void
  readonly value: number
  seen: Seen
}
const subscribers = new Set<Subscriber>()

function tell(subscriber: Subscriber): void {
  const { seen, emit } = subscriber
  const now = ask(subscriber.value)
  for (const id of seen.keys()) if (!now.has(id)) emit('delete', id)
  for (const [id, text] of now) if (seen.get(id) !== text) emit('change', text)
  subscriber.seen = now
}

writeOnDemand((id, text) => {
  change(id, text)
  for (const subscriber of subscribers) tell(subscriber)
})
const server = createServer()
new Server(server, { serveClient: false }).on('connection', socket => {
  const caller = Number(socket.handshake.headers.authorization?.slice('Bearer '.length))
  socket.on('follow', (from: number) => {
    const value = start.reading === 'everybody' ? from : caller
    const subscriber = { emit: socket.emit.bind(socket), value, seen: ask(value) }
    subscribers.add(subscriber)
    socket.emit('state', [...subscriber.seen.values()])
    socket.on('disconnect', () => subscribers.delete(subscriber))
  })
})
server.listen(start.port, '127.0.0.1', () => tellReady(start.port))
