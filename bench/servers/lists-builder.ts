// The same through a query builder, as ORMs and populate hooks do it: each row asks for its own related rows, each question
// is built, compiled and awaited.
import { createServer, type ServerResponse } from 'node:http'
import { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler, type Compilable } from 'kysely'
import { openLists, type Todo } from './lists-tables.ts'
import { readStart, tellReady } from './todo.ts'

interface Tables {
  readonly list: { readonly id: number; readonly title: string }
  readonly todo: Todo
}

const start = readStart()
const db = openLists(start.db)
const builder = new Kysely<Tables>({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: kysely => new SqliteIntrospector(kysely),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
})
const prepared = new Map<string, ReturnType<typeof db.prepare>>()

async function execute<T>(query: Compilable<T>): Promise<T[]> {
  const { sql, parameters } = query.compile()
  let statement = prepared.get(sql)
  if (!statement) prepared.set(sql, (statement = db.prepare(sql)))
  return statement.all(...(parameters as number[])) as unknown as T[]
}

async function answer(limit: number, response: ServerResponse): Promise<void> {
  const page = await execute(builder.selectFrom('list').select(['id', 'title']).orderBy('id').limit(limit))
  const lists = await Promise.all(
    page.map(async list => {
      const todos = await execute(
        builder.selectFrom('todo').select(['id', 'text', 'done', 'list']).where('list', '=', list.id).orderBy('id'),
      )
      return { ...list, todos: todos.map(todo => ({ ...todo, done: todo.done === 1 })) }
    }),
  )
  const text = JSON.stringify(lists)
  response.writeHead(200, ['content-type', 'application/json', 'content-length', String(Buffer.byteLength(text))])
  response.end(text)
}

createServer((request, response) => {
  const query = new URLSearchParams(request.url!.slice(request.url!.indexOf('?') + 1))
  void answer(Number(query.get('limit') ?? 25), response)
}).listen(start.port, '127.0.0.1', () => tellReady(start.port))
