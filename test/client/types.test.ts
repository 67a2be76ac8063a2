// What an editor shows of the client's types: what people read most must be short and name what is wrong.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openEditor } from './language-server.ts'

const model = `
import { action, actions, act, always, api, never, resource, t } from '../../../src/index.ts'
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

/** A file of a project of its own, with the model in front, for the rest of the test. */
function fileOf(text: string): string {
  const folder = mkdtempSync(join(import.meta.dirname, 'editor-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const compilerOptions = { isolatedDeclarations: false, declaration: false, noUnusedLocals: false }
  const project = { extends: '../../../tsconfig.json', compilerOptions, include: ['*.ts'], exclude: [] }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(project))
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
      "c.todo.create({ list: 1 }) — No overload matches this call. The last overload gave the following error. Argument of type '{ list: number; }' is not assignable to parameter of type '{ list: number; } & { readonly text: unknown; }'. Property 'text' is missing in type '{ list: number; }' but required in type '{ readonly text: unknown; }'.",
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
void app.post('todo', { text: 'x', dnoe: true })
void app.create('todo', { text: 'x', list: 1, dnoe: true })
void app.replace('user', 'u1', { email: 'x' })
void app.patch('todo', 1, { done: 'yes' })
void app.list('tood')
void app.list('todo', { fields: ['list.titel'] })
void app.list('todo', { include: ['x'] })
void app.list('todo', { sort: '-rnak' })
void app.list('todo', { filter: { done: 'yes' } })
void (await app.list('todo', { fields: ['id'] }))[0]!.text
void app.act('todo', 'clos', undefined, { id: 1 })
void api({ list }, { seed: async app => void (await app.create('list', {})) })
void api({ todo })
void todo.around('create', ({ input }, next) => next(input.nope))
void todo.rules(() => ({ read: always, delte: never }))
void todo.rules(() => ({ read: always, fields: { txt: { read: never } } }))
void todo.rules((me, row) => ({ read: row.onwer.is(me) }))
`
  const editor = await openEditor()
  const messages = await editor.messages(fileOf(mistakes))
  const first = model.split('\n').length
  const said = mistakes
    .split('\n')
    .flatMap((line, n) => (line === '' ? [] : [`${line.replace('void ', '')} — ${messages.get(first + n)}`]))
  expect(said).toMatchInlineSnapshot(`
    [
      "app.create('todo', {}) — No overload matches this call. The last overload gave the following error. Type '{}' is missing the following properties from type '{ readonly list: unknown; readonly text: unknown; }': list, text",
      "app.post('todo', { text: 'x', dnoe: true }) — No overload matches this call. The last overload gave the following error. Argument of type '{ text: string; dnoe: true; }' is not assignable to parameter of type '{ text: string; dnoe: boolean; } & { readonly list: unknown; }'. Property 'list' is missing in type '{ text: string; dnoe: true; }' but required in type '{ readonly list: unknown; }'.",
      "app.create('todo', { text: 'x', list: 1, dnoe: true }) — No overload matches this call. The last overload gave the following error. Object literal may only specify known properties, and 'dnoe' does not exist in type '{ text: string; list: number | New<{ readonly user: Declared<{ readonly id: IdField<"uuid", false>; readonly email: Scalar<string, "text", Me>; readonly name: Scalar<string, "text", Me>; readonly role: Scalar<...>; readonly password: Scalar<...>; readonly lists: ToMany<...>; }, { ...; }, {}, { ...; }>; readonly list...'.",
      "app.replace('user', 'u1', { email: 'x' }) — No overload matches this call. The last overload gave the following error. Argument of type '{ email: string; }' is not assignable to parameter of type '{ email: string; } & { readonly name: unknown; readonly password: unknown; }'. Type '{ email: string; }' is missing the following properties from type '{ readonly name: unknown; readonly password: unknown; }': name, password",
      "app.patch('todo', 1, { done: 'yes' }) — Type 'string' is not assignable to type 'boolean'.",
      "app.list('tood') — Argument of type '"tood"' is not assignable to parameter of type '"hello" | "list" | "todo" | "user"'.",
      "app.list('todo', { fields: ['list.titel'] }) — Type '"list.titel"' is not assignable to type '"list.id" | "list.owner" | "list.title" | "list.todos"'. Did you mean '"list.title"'?",
      "app.list('todo', { include: ['x'] }) — Type '"x"' is not assignable to type '"list"'.",
      "app.list('todo', { sort: '-rnak' }) — Type '"-rnak"' is not assignable to type '"-done" | "-due" | "-id" | "-list" | "-rank" | "-text" | readonly ("-done" | "-due" | "-id" | "-list" | "-rank" | "-text")[] | undefined'. Did you mean '"-rank"'?",
      "app.list('todo', { filter: { done: 'yes' } }) — Type 'string' is not assignable to type 'boolean | Equal<boolean> | undefined'.",
      "(await app.list('todo', { fields: ['id'] }))[0]!.text — Property 'text' does not exist on type '{ id: number; }'.",
      "app.act('todo', 'clos', undefined, { id: 1 }) — Argument of type '"clos"' is not assignable to parameter of type '"close"'.",
      "api({ list }, { seed: async app => void (await app.create('list', {})) }) — No overload matches this call. The last overload gave the following error. Property 'title' is missing in type '{}' but required in type '{ readonly title: unknown; }'.",
      "api({ todo }) — Type 'Declared<{ readonly id: IdField<"integer", false>; readonly text: Scalar<string, "text", Me>; readonly done: Scalar<boolean, "optional", Me>; readonly due: Scalar<...>; readonly rank: Scalar<...>; readonly photo: FileField<...>; readonly list: One<...>; }, {}, { ...; }, never>' is not assignable to type '"todo.list refers to \\"list\\", which is not declared" & Declared<{ readonly id: IdField<"integer", false>; readonly text: Scalar<string, "text", Me>; readonly done: Scalar<boolean, "optional", Me>; readonly due: Scalar<...>; readonly rank: Scalar<...>; readonly photo: FileField<...>; readonly list: One<...>; }, {}, ...'. Type 'Declared<{ readonly id: IdField<"integer", false>; readonly text: Scalar<string, "text", Me>; readonly done: Scalar<boolean, "optional", Me>; readonly due: Scalar<...>; readonly rank: Scalar<...>; readonly photo: FileField<...>; readonly list: One<...>; }, {}, { ...; }, never>' is not assignable to type '"todo.list refers to \\"list\\", which is not declared"'.",
      "todo.around('create', ({ input }, next) => next(input.nope)) — Property 'nope' does not exist on type '{ readonly text?: unknown; readonly done?: unknown; readonly due?: unknown; readonly rank?: unknown; readonly photo?: unknown; readonly list?: unknown; }'.",
      "todo.rules(() => ({ read: always, delte: never })) — Type 'Rule' is not assignable to type 'Rule & "there is no \\"delte\\" here"'. Type '{ readonly kind: "constant"; readonly value: boolean; }' is not assignable to type 'Rule & "there is no \\"delte\\" here"'. Type '{ readonly kind: "constant"; readonly value: boolean; }' is not assignable to type '{ readonly kind: "constant"; readonly value: boolean; } & "there is no \\"delte\\" here"'. Type '{ readonly kind: "constant"; readonly value: boolean; }' is not assignable to type '"there is no \\"delte\\" here"'.",
      "todo.rules(() => ({ read: always, fields: { txt: { read: never } } })) — Object literal may only specify known properties, but 'txt' does not exist in type '{ readonly id?: FieldRules; readonly text?: FieldRules; readonly done?: FieldRules; readonly due?: FieldRules; readonly rank?: FieldRules; readonly photo?: FieldRules; readonly list?: FieldRules; }'. Did you mean to write 'text'?",
      "todo.rules((me, row) => ({ read: row.onwer.is(me) })) — Property 'onwer' does not exist on type 'RowExpression<{ readonly id: IdField<"integer", false>; readonly text: Scalar<string, "text", Me>; readonly done: Scalar<boolean, "optional", Me>; readonly due: Scalar<...>; readonly rank: Scalar<...>; readonly photo: FileField<...>; readonly list: One<...>; }>'.",
    ]
  `)
})

test('functions of a declaration know its rows, and the rows of the registered API', async () => {
  const editor = await openEditor()
  const file = fileOf(`
const task = resource({ id: t.id(), text: t.text(), open: t.bool(), list: t.one('list').nullable() })
  .actions({
    shut: action({ on: 'row', run: ({ /*^*/ row, ctx }) => ctx.db.patch('task', row.id, { open: 'no' }) }),
    count: action({ run: async ({ ctx: { db } }) => void (await db.list('tsak')) }),
  })
  .around('create', async ({ ctx }, next) => ((await ctx.db.get('list', 1)).titel, next()))
  .onCommit('mail', async (_event, db) => void (await db.create('task', { open: true })))
const board = api({ list, user, todo, task })
declare module '../../../src/index.ts' {
  interface Registered { readonly app: typeof board }
}
void board.act('task', 'shut', undefined, { id: 1 })
`)
  expect(await editor.hovers(file)).toMatchInlineSnapshot(`
    [
      "(parameter) row: Readonly<{ id: number; text: string; open: boolean; list: Id | null; }>",
    ]
  `)
  const messages = await editor.messages(file)
  expect([...messages.values()].filter(text => !text.includes('never read'))).toMatchInlineSnapshot(`
    [
      "Type 'string' is not assignable to type 'boolean'.",
      "Argument of type '"tsak"' is not assignable to parameter of type '"list" | "task" | "todo" | "user"'.",
      "Property 'titel' does not exist on type '{ id: number; title: string; owner: string | null; todos: number[]; }'. Did you mean 'title'?",
      "No overload matches this call. The last overload gave the following error. Argument of type '{ open: true; }' is not assignable to parameter of type '{ open: boolean; } & { readonly text: unknown; }'. Property 'text' is missing in type '{ open: true; }' but required in type '{ readonly text: unknown; }'.",
    ]
  `)
})

test('editors complete the fields of rows, and the names in queries', async () => {
  const editor = await openEditor()
  const file = fileOf(`
void app.create('todo', { /*^*/ })
void app.create('todo', [{ /*^*/ }])
void app.replace('user', 'u1', { role: '/*^*/' })
void app.list('todo', { sort: '/*^*/' })
void c.todo.create({ /*^*/ })
void c.user.create({ role: '/*^*/' })
void c.todo.create({ text: 'x', list: { /*^*/ } })
void c.todo.patch(1, { /*^*/ })
void c.todo.list({ filter: { /*^*/ } })
void c.todo.list({ fields: ['list./*^*/'] })
`)
  expect((await editor.completions(file)).map(names => names.join(' '))).toMatchInlineSnapshot(`
    [
      "text done? due? rank? photo? list",
      "text done? due? rank? photo? list",
      "admin member",
      "-done -due -id -list -rank -text done due id list rank text",
      "text done? due? rank? photo? list",
      "admin member",
      "title owner? todos?",
      "text? done? due? rank? photo? list?",
      "$and? $or? $not? id? text? done? due? rank? photo? list?",
      "list.id list.owner list.title list.todos",
    ]
  `)
})
