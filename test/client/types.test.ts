// What an editor shows of the client's types: what people read most must be short and name what is wrong.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openEditor } from './language-server.ts'

const model = `
import { action, actions, act, api, resource, t } from '../../../src/index.ts'
import { client, type Served } from '../../../src/client/index.ts'

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
}).actions({ close: action({ on: 'row', input: { why: t.text() }, run: () => null }) })
const hello = actions('Hello', null, { get: act({ input: { name: t.text() }, output: t.text() }, () => '') })
const app = api({ user, list, todo, hello })
interface App extends Served<typeof app> {}
const c = client<App>('https://todo.example')
`

/** A file beside this one, with the model in front, for the rest of the test. */
function fileOf(text: string): string {
  const folder = mkdtempSync(join(import.meta.dirname, 'editor-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'example.ts')
  writeFileSync(file, model + text + '\nexport {}\n')
  return file
}

test('hover texts show rows, and models by their name', async () => {
  const editor = await openEditor()
  const file = fileOf(`
c./*^*/ todo
const /*^*/ one = await c.todo.get(1, { fields: ['id', 'text', 'list.title', 'list.owner.name'] })
const /*^*/ page = await c.todo.list({ include: ['list'], fields: ['id', 'list'], total: true })
const /*^*/ made = await c.list.create({ title: 'x' }).safe()
`)
  expect(await editor.hovers(file)).toMatchInlineSnapshot(`
    [
      "(property) todo: Resource<App, "todo"> & Actions<App, "todo", never>",
      "const one: { id: number; text: string; list: { title: string; owner: { name: string; } | null; }; }",
      "const page: CountedPage<{ id: number; list: { id: number; title: string; owner: string | null; todos: number[]; }; }>",
      "const made: Settled<{ id: number; title: string; owner: string | null; todos: number[]; }, Problem<CreateCode, "id" | "owner" | "title" | "todos">>",
    ]
  `)
})

test('the messages of the commonest mistakes name the mistake', async () => {
  const mistakes = `
void c.tood
void c.todo.create({ list: 1 })
void c.todo.create({ text: 'x', list: 1, dnoe: true })
void c.todo.list({ filter: { done: 'yes' } })
void c.todo.list({ filter: { dnoe: true } })
void c.todo.list({ fields: ['id', 'list.titel'] })
void c.todo.list({ include: ['text'] })
void c.todo.list({ sort: ['-rnak'] })
void (await c.todo.list({ fields: ['id'] })).rows[0]!.text
void (await c.todo.list()).total.toFixed()
void c.user.get(7)
void (await c.todo.get(1)).list.title
void c.todo.close(1, { because: 'x' })
void c.todo.upload(1, 'text', new Blob())
`
  const editor = await openEditor()
  const messages = await editor.messages(fileOf(mistakes))
  const first = model.split('\n').length
  const said = mistakes
    .split('\n')
    .flatMap((line, n) => (line === '' ? [] : [`${line.replace('void ', '')} — ${messages.get(first + n)}`]))
  expect(said).toMatchInlineSnapshot(`
    [
      "c.tood — Property 'tood' does not exist on type 'ClientOf<App>'.",
      "c.todo.create({ list: 1 }) — No overload matches this call. The last overload gave the following error. Argument of type '{ list: number; }' is not assignable to parameter of type 'New<App, "todo">'. Property 'text' is missing in type '{ list: number; }' but required in type '{ text: string; list: number | New<App, "list", never>; }'.",
      "c.todo.create({ text: 'x', list: 1, dnoe: true }) — No overload matches this call. The last overload gave the following error. Object literal may only specify known properties, and 'dnoe' does not exist in type 'New<App, "todo">'.",
      "c.todo.list({ filter: { done: 'yes' } }) — Type 'string' is not assignable to type 'boolean | Equal<boolean> | undefined'.",
      "c.todo.list({ filter: { dnoe: true } }) — Object literal may only specify known properties, and 'dnoe' does not exist in type 'Where<App, "todo">'.",
      "c.todo.list({ fields: ['id', 'list.titel'] }) — Type '"list.titel"' is not assignable to type '"id" | "list.id" | "list.owner" | "list.title" | "list.todos"'. Did you mean '"list.title"'?",
      "c.todo.list({ include: ['text'] }) — Type '"text"' is not assignable to type '"list"'.",
      "c.todo.list({ sort: ['-rnak'] }) — Type '"-rnak"' is not assignable to type '"-done" | "-due" | "-id" | "-list" | "-rank" | "-text"'. Did you mean '"-rank"'?",
      "(await c.todo.list({ fields: ['id'] })).rows[0]!.text — Property 'text' does not exist on type '{ id: number; }'.",
      "(await c.todo.list()).total.toFixed() — Property 'total' does not exist on type 'Page<{ id: number; text: string; done: boolean; due: string | null; rank: number; photo: FileShown | null; list: number; }>'.",
      "c.user.get(7) — Argument of type 'number' is not assignable to parameter of type 'string'.",
      "(await c.todo.get(1)).list.title — Property 'title' does not exist on type 'number'.",
      "c.todo.close(1, { because: 'x' }) — Object literal may only specify known properties, and 'because' does not exist in type '{ why: string; } & {}'.",
      "c.todo.upload(1, 'text', new Blob()) — Argument of type '"text"' is not assignable to parameter of type '"photo"'.",
    ]
  `)
})

test('so do those of the server', async () => {
  const mistakes = `
void app.create('todo', {})
void app.post('todo', { text: 'x', list: 1, dnoe: true })
void app.list('todo', { fields: ['list.titel'] })
void app.list('todo', { include: ['x'] })
void app.list('todo', { sort: '-rnak' })
void (await app.list('todo', { fields: ['id'] }))[0]!.text
void api({ list }, { seed: async app => void (await app.create('list', {})) })
void todo.around('create', ({ input }, next) => next(input.nope))
`
  const editor = await openEditor()
  const messages = await editor.messages(fileOf(mistakes))
  const first = model.split('\n').length
  const said = mistakes
    .split('\n')
    .flatMap((line, n) => (line === '' ? [] : [`${line.replace('void ', '')} — ${messages.get(first + n)}`]))
  expect(said).toMatchInlineSnapshot(`
    [
      "app.create('todo', {}) — No overload matches this call. The last overload gave the following error. Type '{}' is missing the following properties from type '{ text: string; list: number | New<{ readonly user: Declared<{ readonly id: IdField<"uuid", false>; readonly email: Scalar<string, "text", Me>; readonly name: Scalar<string, "text", Me>; readonly role: Scalar<...>; readonly password: Scalar<...>; readonly lists: ToMany<...>; }, { ...; }, {}, { ...; }>; readonly list...': text, list",
      "app.post('todo', { text: 'x', list: 1, dnoe: true }) — No overload matches this call. The last overload gave the following error. Object literal may only specify known properties, and 'dnoe' does not exist in type '{ text: string; list: number | New<{ readonly user: Declared<{ readonly id: IdField<"uuid", false>; readonly email: Scalar<string, "text", Me>; readonly name: Scalar<string, "text", Me>; readonly role: Scalar<...>; readonly password: Scalar<...>; readonly lists: ToMany<...>; }, { ...; }, {}, { ...; }>; readonly list...'.",
      "app.list('todo', { fields: ['list.titel'] }) — Type '"list.titel"' is not assignable to type '"list.id" | "list.owner" | "list.title" | "list.todos"'. Did you mean '"list.title"'?",
      "app.list('todo', { include: ['x'] }) — Type '"x"' is not assignable to type '"list"'.",
      "app.list('todo', { sort: '-rnak' }) — Type '"-rnak"' is not assignable to type '"-done" | "-due" | "-id" | "-list" | "-rank" | "-text" | readonly ("-done" | "-due" | "-id" | "-list" | "-rank" | "-text")[] | undefined'. Did you mean '"-rank"'?",
      "(await app.list('todo', { fields: ['id'] }))[0]!.text — Property 'text' does not exist on type '{ id: number; }'.",
      "api({ list }, { seed: async app => void (await app.create('list', {})) }) — No overload matches this call. The last overload gave the following error. Argument of type '{}' is not assignable to parameter of type '{ title: string; } & { owner?: Id | null; todos?: readonly Id[]; } & {}'. Property 'title' is missing in type '{}' but required in type '{ title: string; }'.",
      "todo.around('create', ({ input }, next) => next(input.nope)) — Property 'nope' does not exist on type '{ readonly text?: unknown; readonly done?: unknown; readonly due?: unknown; readonly rank?: unknown; readonly photo?: unknown; readonly list?: unknown; }'.",
    ]
  `)
})
