// Checked by the compiler, never run: the application's own operations are typed by their model.
import { expectTypeOf } from 'vitest'
import { action, always, api, never, resource, t, type Api, type Row } from './index.ts'

const list = resource({ id: t.id(), title: t.text(), owner: t.text().nullable(), todos: t.back('todo', 'list') })
const todo = resource({ id: t.id(), text: t.text(), rank: t.integer().default(0), list: t.one('list') })
  .actions({ close: action({ on: 'row', input: { why: t.text() }, run: () => null }) })
  .around('create', function* (call, next) {
    expectTypeOf(call.input.text).toEqualTypeOf<unknown>()
    // @ts-expect-error -- there is no such field
    void call.input.nope
    return yield* next({ ...call.input, rank: 1 })
  })
  .around('close', ({ input }, next) => {
    expectTypeOf(input.why).toEqualTypeOf<string>()
    return next()
  })
  .onCommit('count', event => {
    for (const { after } of event?.changes ?? []) expectTypeOf(after?.text).toEqualTypeOf<string | undefined>()
  })

const app = api(
  { list, todo },
  {
    seed: async first => {
      const { id } = await first.create('list', { title: 'x' })
      await first.create('todo', { text: 'x', list: id })
      // @ts-expect-error -- the list is missing
      await first.create('todo', { text: 'x' })
    },
  },
)

/** Without a model, any resource and any row will do. */
export const plain: Api = api({ list, todo })
export const given: Api = app
expectTypeOf(plain.get('list', 1)).resolves.toBeAny()

export async function reads(): Promise<void> {
  const [shown] = await app.list('todo', { fields: ['id', 'list.title'], sort: ['-rank', 'list.title'] })
  expectTypeOf(shown!).toEqualTypeOf<{ id: number; list: { title: string } }>()
  expectTypeOf((await app.get('todo', 1)).list).toEqualTypeOf<number>()
  expectTypeOf((await app.get('todo', 1, { include: ['list'] })).list.title).toEqualTypeOf<string>()
  expectTypeOf((await app.get('todo', 1, { depth: 2 })).list.todos).toEqualTypeOf<number[]>()
  for await (const { rows } of app.live('todo', { fields: ['rank'] }))
    expectTypeOf(rows).toEqualTypeOf<readonly { rank: number }[]>()
  // @ts-expect-error -- text is not a relation
  await app.list('todo', { include: ['text'] })
  // @ts-expect-error -- there is no such field
  await app.list('todo', { fields: ['list.titel'] })
  // @ts-expect-error -- there is no such field
  await app.list('todo', { sort: '-rnak' })
}

export async function writes(): Promise<void> {
  expectTypeOf(await app.create('todo', { text: 'x', list: 1 })).toEqualTypeOf<{
    id: number
    text: string
    rank: number
    list: number
  }>()
  expectTypeOf(await app.post('todo', [{ text: 'x', list: 1 }])).toBeArray()
  await app.transaction(async tx => void (await tx.replace('list', 1, { title: 'y' })))
}

/** A member that a rule hides from some callers is optional, in whatever shape the row is shown. */
export async function masked(): Promise<void> {
  const pay = { read: never }
  const worker = resource({ id: t.id(), name: t.text(), pay: t.integer(), boss: t.one('worker').nullable() }).rules(
    () => ({ read: always, fields: { pay, name: { write: never } } }),
  )
  const firm = api({ worker })
  interface Plain {
    id: number
    name: string
    boss: number | null
    pay?: number
  }
  expectTypeOf<Row<{ worker: typeof worker }, 'worker'>>().toEqualTypeOf<Plain>()
  expectTypeOf(await firm.get('worker', 1)).toEqualTypeOf<Plain>()
  expectTypeOf(await firm.get('worker', 1, { fields: ['pay', 'boss.pay', 'boss.name'] })).toEqualTypeOf<{
    boss: { name: string; pay?: number } | null
    pay?: number
  }>()
  expectTypeOf((await firm.get('worker', 1, { include: ['boss'] })).boss).toEqualTypeOf<Plain | null>()
  await firm.create('worker', { name: 'x', pay: 1 })
  // @ts-expect-error -- it is required in a new row, as before
  await firm.create('worker', { name: 'x' })
}
