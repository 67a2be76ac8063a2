// The same action declared, in the notation that is asked for.
import { z } from 'zod'
import { act, actions, api, serve, t, type DeclaredAction } from '../../src/index.ts'
import { check } from './order-check.ts'
import { orderInputs, type Order } from './order.ts'
import { tellReady } from './todo.ts'

const port = Number(process.argv[2])
const run = ({ input }: { input: unknown }): object => check(input as Order)
const tags = t.list(t.text(), { max: 10 })
const notations: Readonly<Record<string, DeclaredAction>> = {
  fields: act(
    {
      input: orderInputs.fields,
      output: { customer: t.integer(), email: t.text(), note: t.text(), express: t.bool(), total: t.number(), tags },
    },
    run,
  ),
  text: act(
    {
      input: orderInputs.text,
      output: {
        'customer?int': 'who',
        'email?str': 'where to',
        'note?str': 'what to mind',
        'express?bool': 'soon',
        'total?float': 'what is to pay',
        tags: ['str'],
      },
    },
    run,
  ),
  zod: act(
    {
      input: orderInputs.zod,
      output: z.object({
        customer: z.int(),
        email: z.string(),
        note: z.string(),
        express: z.boolean(),
        total: z.number(),
        tags: z.array(z.string()),
      }),
    },
    run,
  ),
}

const order = actions('Order', null, { post_check: notations[process.argv[3]!]! }).public()
await serve(api({ order }, { report: () => {} }), { port, report: () => {} })
tellReady(port)
