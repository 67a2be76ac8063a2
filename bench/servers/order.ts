// The order that the benches of actions and of schemas take, in every notation.
import { z } from 'zod'
import { t } from '../../src/index.ts'
import type { AnySchema } from '../../src/schema/infer.ts'

export interface Order {
  readonly customer: number
  readonly email: string
  readonly note: string
  readonly express: boolean
  readonly price: number
  readonly tags: readonly string[]
}

/** As JSON Schema. */
export const orderJson: Readonly<Record<string, unknown>> = {
  type: 'object',
  additionalProperties: false,
  required: ['customer', 'email', 'note', 'express', 'price', 'tags'],
  properties: {
    customer: { type: 'integer', minimum: 1 },
    email: { type: 'string', format: 'email' },
    note: { type: 'string', maxLength: 200 },
    express: { type: 'boolean' },
    price: { type: 'number', minimum: 0 },
    tags: { type: 'array', maxItems: 10, items: { type: 'string' } },
  },
}

/** As an action declares it. */
export const orderInputs: {
  readonly fields: AnySchema
  readonly text: Readonly<Record<string, unknown>>
  readonly zod: z.ZodType
} = {
  fields: {
    customer: t.integer({ min: 1 }),
    email: t.email(),
    note: t.text({ max: 200 }),
    express: t.bool(),
    price: t.number({ min: 0 }),
    tags: t.list(t.text(), { max: 10 }),
  },
  text: {
    'customer?int(1)': 'who',
    'email?email': 'where to',
    'note?str&maxlen=200': 'what to mind',
    'express?bool': 'soon',
    'price?float(0)': 'what it costs',
    tags: ['&maxlen=10', 'str'],
  },
  zod: z.strictObject({
    customer: z.int().min(1),
    email: z.email(),
    note: z.string().max(200),
    express: z.boolean(),
    price: z.number().min(0),
    tags: z.array(z.string()).max(10),
  }),
}
