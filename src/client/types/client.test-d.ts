// Checked by the compiler, never run: what a client of an API lets one write, and what comes of it.
import { expectTypeOf } from 'vitest'
import { act, action, actions, api, resource, t, type FileShown } from '../../index.ts'
import { client, type Served } from '../index.ts'

const user = resource({
  id: t.id('uuid'),
  email: t.email().unique(),
  name: t.text(),
  role: t.enum(['admin', 'member']).default('member'),
  password: t.password(),
  lists: t.back('list', 'owner'),
}).login('email', 'password')
const list = resource({
  id: t.id(),
  title: t.text({ min: 1 }),
  owner: t.one('user').nullable(),
  todos: t.back('todo', 'list'),
})
const todo = resource({
  id: t.id(),
  text: t.text({ min: 1, max: 500 }),
  done: t.bool().default(false),
  due: t.date().nullable(),
  rank: t.integer().default(0),
  photo: t.file({ types: ['image/*'] }),
  list: t.one('list', { onDelete: 'cascade' }),
}).actions({
  close: action({ on: 'row', input: { why: t.text() }, output: { closed: t.bool() }, run: () => ({ closed: true }) }),
  clear: action({ output: t.integer(), run: () => 3 }),
})
const hello = actions('Hello', null, { get: act({ input: { name: t.text() }, output: t.text() }, () => '') })
const app = api({ user, list, todo, hello })

interface App extends Served<typeof app> {}
const c = client<App>('https://todo.example')
const unnamed = client<typeof app>('https://todo.example')

interface PlainList {
  id: number
  title: string
  owner: string | null
  todos: number[]
}

export async function reads(): Promise<void> {
  expectTypeOf(await unnamed.list.get(1)).toEqualTypeOf<PlainList>()
  expectTypeOf(await c.list.get(1)).toEqualTypeOf<PlainList>()
  // `fields` narrows a row, `include` and `depth` expand it.
  expectTypeOf(await c.todo.get(1, { fields: ['id', 'text', 'list.title', 'list.owner.name'] })).toEqualTypeOf<{
    id: number
    text: string
    list: { title: string; owner: { name: string } | null }
  }>()
  expectTypeOf(await c.todo.get(1, { fields: ['id', 'list'], include: ['list'] })).toEqualTypeOf<{
    id: number
    list: PlainList
  }>()
  expectTypeOf((await c.todo.get(1, { depth: 2 })).list).toEqualTypeOf<PlainList>()
  expectTypeOf((await c.list.get(1, { depth: 2, include: ['todos.list'] })).todos[0]!.list).toEqualTypeOf<PlainList>()

  const page = await c.todo.list({
    filter: { list: { title: 'x' } },
    sort: '-list.title',
    include: ['list.owner'],
    total: true,
  })
  expectTypeOf(page.total).toEqualTypeOf<number>()
  expectTypeOf(page.rows[0]!.list.owner?.email).toEqualTypeOf<string | undefined>()
  for await (const row of c.todo.list({ fields: ['id'] })) expectTypeOf(row).toEqualTypeOf<{ id: number }>()
}

export async function writes(): Promise<void> {
  const made = await c.todo.create({ text: 'x', list: { title: 'y' } }).safe()
  if (!made.ok) {
    made.problem.fields.text?.[0]?.detail.at(0)
    // @ts-expect-error -- no such member
    expectTypeOf(made.problem.fields.nope).toBeAny()
    if (made.problem.code === 'conflict') made.problem.at('#/text')
  }
  expectTypeOf(await c.todo.create([{ text: 'x', list: 1 }])).toBeArray()
  expectTypeOf((await c.todo.patch(1, { done: true })).done).toEqualTypeOf<boolean>()
  expectTypeOf(await c.todo.patch({ filter: { done: false } }, { done: true })).toBeArray()
  expectTypeOf(await c.todo.delete({ filter: { done: true } })).toEqualTypeOf<void>()
  await c.user.replace({ email: 'a@b.c' }, { email: 'a@b.c', name: 'Ann', password: 'correct horse' })
  expectTypeOf(await c.todo.upload(1, 'photo', new Blob())).toEqualTypeOf<FileShown>()
}

export async function callsActions(): Promise<void> {
  expectTypeOf(await c.todo.close(7, { why: 'done' })).toEqualTypeOf<{ closed: boolean }>()
  expectTypeOf(await c.todo.clear()).toEqualTypeOf<number>()
  expectTypeOf(await c.hello.get({ name: 'Ann' })).toEqualTypeOf<string>()
  await c.$auth.login({ email: 'a@b.c', password: 'correct horse' })
}
