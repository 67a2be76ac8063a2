import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { action, actions, act, api, resource, t, type StandardSchema } from '../src/index.ts'

const slow: StandardSchema<string, string> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: value =>
      Promise.resolve(
        typeof value === 'string' ? { value: value.toUpperCase() } : { issues: [{ message: 'no text' }] },
      ),
  },
}

const todo = resource({ id: t.id() }).actions({
  post_zod: action({
    input: z.object({
      name: z.string().min(2),
      tags: z.array(z.string()).default([]),
      to: z.object({ n: z.number() }),
    }),
    output: z.object({ name: z.string() }),
    run: ({ input }) => ({ name: `${input.name}${input.to.n}`, secret: 1 }),
  }),
  get_zod: action({
    input: z.object({ n: z.number(), on: z.boolean().optional(), list: z.array(z.number()).optional() }),
    run: ({ input }) => input,
  }),
  post_valibot: action({
    input: v.object({ n: v.pipe(v.number(), v.minValue(1)), when: v.optional(v.pipe(v.string(), v.isoDate())) }),
    output: v.object({ n: v.number() }),
    run: ({ input }) => ({ n: input.n === 7 ? ('seven' as unknown as number) : input.n }),
  }),
  post_mixed: action({
    input: { name: t.text({ min: 1 }), who: z.object({ id: z.number() }), tags: ['str&minlen=2'], slow },
    run: ({ input }) => input,
  }),
})
const hello = actions('Hello', null, {
  get: act({ input: { name: t.text() }, output: '  int(0,9) ' }, ({ input }) => input.name.length),
})
const app = api({ todo, hello }, { onFault: () => {}, http: { log: () => {} } })

const ask = async (path: string, body?: unknown): Promise<{ status: number; body: any }> => {
  const response = await app.fetch(
    body === undefined
      ? new Request(`http://x${path}`)
      : new Request(`http://x${path}`, {
          method: 'POST',
          body: JSON.stringify(body),
          headers: { 'content-type': 'application/json' },
        }),
  )
  return { status: response.status, body: await response.json() }
}

describe('Standard Schemas', () => {
  test('zod: input with defaults, output shaped', async () => {
    expect(await ask('/todo/zod', { name: 'Ann', to: { n: 1 } })).toEqual({ status: 200, body: { name: 'Ann1' } })
  })

  test('zod: every fault at its place', async () => {
    const { status, body } = await ask('/todo/zod', { name: 'A', to: { n: 'x' } })
    expect(status).toBe(400)
    expect(body.errors.map((one: any) => [one.code, one.pointer])).toEqual([
      ['check', '#/name'],
      ['check', '#/to/n'],
    ])
  })

  test('zod: text in a query is read by the types in the schema', async () => {
    expect(await ask('/todo/zod?n=5&on=true&list=[1,2]')).toEqual({
      status: 200,
      body: { n: 5, on: true, list: [1, 2] },
    })
    const refused = await ask('/todo/zod?n=five')
    expect([refused.status, refused.body.errors[0].parameter]).toEqual([400, 'n'])
  })

  test('valibot: the same', async () => {
    expect(await ask('/todo/valibot', { n: 3 })).toEqual({ status: 200, body: { n: 3 } })
    const refused = await ask('/todo/valibot', { n: 0, when: 'x' })
    expect(refused.body.errors.map((one: any) => one.pointer)).toEqual(['#/n', '#/when'])
    expect((await ask('/todo/valibot', { n: 7 })).status).toBe(500)
  })

  test('mixed with builders and schema texts, and one that waits', async () => {
    expect(await ask('/todo/mixed', { name: 'a', who: { id: 1 }, tags: ['ab'], slow: 'x' })).toEqual({
      status: 200,
      body: { name: 'a', who: { id: 1 }, tags: ['ab'], slow: 'X' },
    })
    const refused = await ask('/todo/mixed', { name: '', who: {}, tags: ['a'], slow: 1, more: 1 })
    expect(refused.body.errors.map((one: any) => [one.code, one.pointer])).toEqual([
      ['length', '#/name'],
      ['check', '#/who/id'],
      ['length', '#/tags/0'],
      ['check', '#/slow'],
      ['unknown_field', '#/more'],
    ])
  })

  test('a builder and a text as whole schemas', async () => {
    expect(await ask('/hello?name=Ann')).toEqual({ status: 200, body: 3 })
    expect((await ask('/hello?name=Annabelle-Louise')).status).toBe(500)
  })
})
