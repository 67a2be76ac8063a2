// The same answer by hand, the way it is often written: one query for the page, then one for each of its rows.
import { createServer } from 'node:http'
import { DatabaseSync } from 'node:sqlite'
import { LISTS, listTitle, TODOS, todoText } from './lists.ts'
import { readStart, tellReady } from './todo.ts'

const start = readStart()
const db = new DatabaseSync(start.db)
db.exec(`
  PRAGMA journal_mode = WAL;
  CREATE TABLE list (id INTEGER PRIMARY KEY, title TEXT NOT NULL);
  CREATE TABLE todo (id INTEGER PRIMARY KEY, text TEXT NOT NULL, done INTEGER NOT NULL, list INTEGER NOT NULL REFERENCES list);
  CREATE INDEX todo_list ON todo (list);
  BEGIN`)
const addList = db.prepare('INSERT INTO list (id, title) VALUES (?, ?)')
const addTodo = db.prepare('INSERT INTO todo (text, done, list) VALUES (?, 0, ?)')
for (let id = 1; id <= LISTS; id++) {
  addList.run(id, listTitle(id))
  for (let nth = 0; nth < TODOS; nth++) addTodo.run(todoText(id, nth), id)
}
db.exec('COMMIT')

interface Todo {
  readonly id: number
  readonly text: string
  readonly done: number
  readonly list: number
}
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
