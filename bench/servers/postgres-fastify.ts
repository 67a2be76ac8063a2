// A server as one would write it by hand with Fastify and pg: a pool, named statements, a transaction for each change. With
// `--log`, each change takes a position under the lock of a row and is written to a log, as it has to be to tell subscribers.
import { parseArgs } from 'node:util'
import { fastify } from 'fastify'
import { escapeLiteral, Pool, types, type QueryConfig } from 'pg'
import { createSchema, patchSchema, tellReady, titleOf, todoSchema, type TodoInput } from './todo.ts'

const { values } = parseArgs({
  options: { port: { type: 'string' }, url: { type: 'string' }, rows: { type: 'string' }, log: { type: 'boolean' } },
})
types.setTypeParser(20, Number)
const pool = new Pool({ connectionString: values.url!, max: 10, idleTimeoutMillis: 0 })
await pool.query(`
  create table todo (id bigint generated always as identity primary key, title text not null, done bigint not null default 0);
  create index on todo (title);
  create table head (pos bigint not null) with (fillfactor = 10);
  insert into head values (0);
  create table log (pos bigint primary key, id bigint not null, row text not null)`)
const titles = Array.from({ length: Number(values.rows) }, (_, i) => titleOf(i + 1))
await pool.query('insert into todo (title) select * from unnest($1::text[])', [titles])
const app = fastify({ logger: false })

interface One {
  Params: { id: string }
}

app.get<One>('/todos/:id', { schema: { response: { 200: todoSchema } } }, async (request, reply) => {
  const text = 'select id, title, done from todo where id = $1'
  const { rows } = await pool.query({ name: 'get', text, values: [Number(request.params.id)] })
  if (rows.length === 0) reply.code(404)
  return rows[0] ?? {}
})

app.post<{ Body: TodoInput }>(
  '/todos',
  { schema: { body: createSchema, response: { 201: todoSchema } } },
  async (request, reply) => {
    const { title, done = 0 } = request.body
    reply.code(201)
    const text = 'insert into todo (title, done) values ($1, $2) returning id, title, done'
    return inTransaction({ name: 'create', text, values: [title, done] })
  },
)

app.patch<One & { Body: TodoInput }>(
  '/todos/:id',
  { schema: { body: patchSchema, response: { 200: todoSchema } } },
  // oxlint-disable-next-line oxc/no-async-endpoint-handlers -- that is a rule for Express; Fastify awaits its handlers
  async request => {
    const { title = null, done = null } = request.body
    const text =
      'update todo set title = coalesce($1, title), done = coalesce($2, done) where id = $3 returning id, title, done'
    return inTransaction({ name: 'patch', text, values: [title, done, Number(request.params.id)] })
  },
)

async function inTransaction(change: QueryConfig): Promise<unknown> {
  if (values.log !== true) return (await pool.query(change)).rows[0]
  const client = await pool.connect()
  try {
    await client.query('begin')
    const row = (await client.query<{ id: number }>(change)).rows[0]!
    const shown = escapeLiteral(JSON.stringify(row))
    await client.query(
      `with h as (update head set pos = pos + 1 returning pos) insert into log select pos, ${row.id}, ${shown} from h; commit`,
    )
    return row
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw error
  } finally {
    client.release()
  }
}

await app.listen({ port: Number(values.port), host: '127.0.0.1' })
tellReady(Number(values.port))
