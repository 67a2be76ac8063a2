// Types of actions: what run gets, what callers send and receive. Checked by tsc.
import { expectTypeOf, test } from 'vitest'
import * as v from 'valibot'
import { z } from 'zod'
import { act, action, actions, api, job, resource, t } from '../../index.ts'
import type { Id } from '../../schema/field.ts'

test('the input that run gets is the value after validation', () => {
  action({
    input: { name: t.text(), n: t.integer().default(1), at: t.date().nullable(), tags: t.list(t.text()) },
    run: ({ input }) => {
      expectTypeOf(input).toEqualTypeOf<{ name: string; n: number; at: string | null; tags: readonly string[] }>()
    },
  })
  action({
    input: z.object({ n: z.coerce.number(), who: z.string().optional() }),
    run: ({ input }) => expectTypeOf(input).toEqualTypeOf<{ n: number; who?: string | undefined }>(),
  })
  action({
    input: v.object({ n: v.pipe(v.string(), v.transform(Number)) }),
    run: ({ input }) => expectTypeOf(input).toEqualTypeOf<{ n: number }>(),
  })
  action({
    input: { 'n?int(0,9)&optional': 'a number', 'name?str': 'a name', tags: ['str'] },
    run: ({ input }) => expectTypeOf(input).toEqualTypeOf<{ n: number | null; name: string; tags: string[] }>(),
  })
  action({
    input: { who: z.object({ id: z.number() }), when: t.datetime(), tags: ['int'] },
    run: ({ input }) => expectTypeOf(input).toEqualTypeOf<{ who: { id: number }; when: string; tags: number[] }>(),
  })
  action({ input: [t.integer()], run: ({ input }) => expectTypeOf(input).toEqualTypeOf<number[]>() })
})

test('callers send the input type, and get the output type', () => {
  const todo = resource({ id: t.id(), text: t.text() }).actions({
    get_count: action({
      input: { above: t.integer(), below: t.integer().default(9) },
      output: { count: t.integer() },
      run: () => ({ count: 1 }),
    }),
    close: action({ on: 'row', output: z.object({ closed: z.boolean() }), run: () => ({ closed: true }) }),
  })
  const hello = actions('Hello', null, { get: act({ input: { name: t.text() } }, ({ input }) => input.name) })
  const app = api({ todo, hello })
  expectTypeOf(app.act('todo', 'get_count', { above: 1 })).resolves.toEqualTypeOf<{ count: number }>()
  expectTypeOf(app.act('todo', 'close', undefined, { id: 1 })).resolves.toEqualTypeOf<{ closed: boolean }>()
  // @ts-expect-error a member is missing
  void app.act('todo', 'get_count', { below: 1 })
  // @ts-expect-error there is no such action
  void app.act('todo', 'get_counts')
  // @ts-expect-error ids are numbers
  void app.act('todo', 'close', undefined, { id: 'a' })
  expectTypeOf(app.act('hello', 'get', { name: 'Ann' })).resolves.toBeAny()
})

test('actions on a row know the row of their resource', () => {
  resource({ id: t.id(), text: t.text(), list: t.one('list').nullable(), secret: t.text().hidden() }).actions({
    close: action({
      on: 'row',
      input: { why: t.text() },
      run: ({ row, input }) => {
        expectTypeOf(row).toEqualTypeOf<Readonly<{ id: number; text: string; list: Id | null }>>()
        expectTypeOf(input).toEqualTypeOf<{ why: string }>()
      },
    }),
    build: job(({ row }) => expectTypeOf(row.id).toEqualTypeOf<number>(), { on: 'row' }),
  })
  // Outside of a resource nothing is known of the row.
  action({ on: 'row', run: ({ row }) => expectTypeOf(row).toBeAny() })
})
