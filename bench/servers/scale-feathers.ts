// Feathers with a channel for each user: who may see a todo is looked up by hand after each write, and told whole rows.
import { peer } from './peer.ts'
import { readScaleStart, writeOnDemand } from './scale-start.ts'
import { changing, openTables, type Todo } from './scale-tables.ts'
import { tellReady } from './todo.ts'

const { feathers } = await peer('@feathersjs/feathers')
const { koa } = await peer('@feathersjs/koa')
const { default: socketio } = await peer('@feathersjs/socketio')

const start = readScaleStart()
const db = openTables(start)
const change = changing(db)
const owner = db.prepare('SELECT owner FROM list WHERE id = ?')
const members = db.prepare('SELECT user FROM member WHERE list = ?')
const membersOf = (list: number): number[] => members.all(list).map(row => row['user'] as number)

/** The users who may read a todo. */
function readersOf({ list, owner: own }: Todo): number[] {
  switch (start.reading) {
    case 'relation':
      return [owner.get(list)!['owner'] as number]
    case 'membership':
      return membersOf(list)
    case 'any of three':
      return [own, ...membersOf(list)]
    default:
      throw new Error(`no channel tells who sees a todo by ${start.reading}`)
  }
}

const app = koa(feathers())
app.configure(socketio({ serveClient: false }))
app.use('todos', { patch: async (id: number, { text }: { text: string }) => change(id, text) })
interface Connection {
  readonly headers: { readonly authorization?: string }
}
const channelOf = (user: unknown): string => `user/${String(user)}`
app.on('connection', (connection: Connection) =>
  app.channel(channelOf(connection.headers.authorization?.slice('Bearer '.length))).join(connection),
)
app.service('todos').publish((todo: Todo) => app.channel(readersOf(todo).map(channelOf)))
writeOnDemand((id, text) => app.service('todos').patch(id, { text }))
await app.listen(start.port, '127.0.0.1')
tellReady(start.port)
