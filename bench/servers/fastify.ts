// A server as one would write it by hand with Fastify: schemas for bodies and answers, prepared statements.
import { fastify } from 'fastify'
import {
  createSchema,
  openTodos,
  patchSchema,
  prepareTodos,
  readStart,
  tellReady,
  todoSchema,
  type TodoInput,
} from './todo.ts'

const start = readStart()
const todos = prepareTodos(openTodos(start))
const app = fastify({ logger: false })

interface One {
  Params: { id: string }
}

app.get<One>('/todos/:id', { schema: { response: { 200: todoSchema } } }, async (request, reply) => {
  const row = todos.get.get(Number(request.params.id))
  if (row === undefined) reply.code(404)
  return row ?? {}
})

app.get<{ Querystring: { limit?: string } }>(
  '/todos',
  { schema: { response: { 200: { type: 'array', items: todoSchema } } } },
  // oxlint-disable-next-line oxc/no-async-endpoint-handlers -- that is a rule for Express; Fastify awaits its handlers
  async request => todos.list.all(Math.min(100, Number(request.query.limit ?? 25))),
)

app.post<{ Body: TodoInput }>(
  '/todos',
  { schema: { body: createSchema, response: { 201: todoSchema } } },
  async (request, reply) => {
    reply.code(201)
    return todos.create.get(request.body.title!, request.body.done ?? 0)
  },
)

app.patch<One & { Body: TodoInput }>(
  '/todos/:id',
  { schema: { body: patchSchema, response: { 200: todoSchema } } },
  async (request, reply) => {
    const { title, done } = request.body
    const row = todos.patch.get(title ?? null, done ?? null, Number(request.params.id))
    if (row === undefined) reply.code(404)
    return row ?? {}
  },
)

await app.listen({ port: start.port, host: '127.0.0.1' })
tellReady(start.port)
