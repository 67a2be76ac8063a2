// The same answer by hand, the way it is often written: one query for the page, then one for each of its rows.
import { createServer } from 'node:http'
import { openLists, type Todo } from './lists-tables.ts'
import { readStart, tellReady } from './todo.ts'

const start = readStart()
const db = openLists(start.db)
const page = db.prepare('SELECT id, title FROM list ORDER BY id LIMIT ?')
const todosOf = db.prepare('SELECT id, text, done, list FROM todo WHERE list = ? ORDER BY id')

createServer((request, response) => {
  const query = new URLSearchParams(request.url!.slice(request.url!.indexOf('?') + 1))
  const lists = page.all(Number(query.get('limit') ?? 25)).map(list => ({
    ...list,
    todos: (todosOf.all(list['id']!) as unknown as Todo[]).map(todo => ({ ...todo, done: todo.done === 1 })),
  }))
  const text = JSON.stringify(lists)
  response.writeHead(200, ['content-type', 'application/json', 'content-length', String(Buffer.byteLength(text))])
  response.end(text)
}).listen(start.port, '127.0.0.1', () => tellReady(start.port))
