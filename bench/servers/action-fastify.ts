// An action as one would write it by hand with Fastify: with JSON Schemas for the body and the answer.
import { fastify } from 'fastify'
import { check } from './order-check.ts'
import { orderJson, type Order } from './order.ts'
import { tellReady } from './todo.ts'

const port = Number(process.argv[2])
const text = { type: 'string' } as const
const app = fastify({ logger: false })
app.post<{ Body: Order }>(
  '/order/check',
  {
    schema: {
      body: orderJson,
      response: {
        200: {
          type: 'object',
          required: ['customer', 'email', 'note', 'express', 'total', 'tags'],
          properties: {
            customer: { type: 'integer' },
            email: text,
            note: text,
            express: { type: 'boolean' },
            total: { type: 'number' },
            tags: { type: 'array', items: text },
          },
        },
      },
    },
  },
  // oxlint-disable-next-line oxc/no-async-endpoint-handlers -- that is a rule for Express; Fastify awaits its handlers
  async request => check(request.body),
)
await app.listen({ port, host: '127.0.0.1' })
tellReady(port)
