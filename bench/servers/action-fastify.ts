// What one would write by hand with Fastify: JSON Schemas for the body and for the answer.
import { fastify } from 'fastify'
import { check, type Order } from './order.ts'
import { tellReady } from './todo.ts'

const port = Number(process.argv[2])
const text = { type: 'string' } as const
const app = fastify({ logger: false })
app.post<{ Body: Order }>(
  '/order/check',
  {
    schema: {
      body: {
        type: 'object',
        additionalProperties: false,
        required: ['customer', 'email', 'note', 'express', 'price', 'tags'],
        properties: {
          customer: { type: 'integer', minimum: 1 },
          email: { type: 'string', format: 'email' },
          note: { type: 'string', maxLength: 200 },
          express: { type: 'boolean' },
          price: { type: 'number', minimum: 0 },
          tags: { type: 'array', maxItems: 10, items: text },
        },
      },
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
