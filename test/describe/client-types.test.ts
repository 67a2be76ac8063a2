import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { always, api, resource, t, type Api } from '../../src/index.ts'
import { clientTypes } from '../../src/describe/client/client-types.ts'

async function typesOf(app: Api<any>): Promise<string> {
  return clientTypes((await (await app.fetch(new Request('http://host/openapi.json'))).json()) as never)
}

/** What the compiler says of a declaration file and of the lines that use it. */
async function faultsOf(types: string, use: string): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'restuary-types-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  writeFileSync(join(directory, 'client.d.mts'), types)
  writeFileSync(join(directory, 'use.mts'), use)
  const tsc = join(import.meta.dirname, '../../node_modules/.bin/tsc')
  const options = ['--strict', '--noEmit', '--target', 'esnext', '--module', 'nodenext', '--ignoreConfig']
  const { stdout } = await promisify(execFile)(tsc, [...options, 'use.mts'], { cwd: directory }).catch(
    (error: { stdout: string }) => error,
  )
  return stdout
}

const options = { report: () => {}, http: { log: () => {} } }

test('the types of a client name queries, conditions and operations once', async () => {
  const list = resource({ id: t.id(), title: t.text(), todos: t.back('todo', 'list') }).public()
  const todo = resource({ id: t.id(), text: t.text(), done: t.bool(), rank: t.integer(), list: t.one('list') }).public()
  const types = await typesOf(api({ list, todo }, options))
  expect(types).toContain('  todo: Table<number, Todo, TodoCreate, TodoFilter>\n')
  expect(types).toContain('text?: TextValue')
  expect(types).toContain('rank?: OrderedValue<number>')
  expect(types).toContain('export type TodoPatch = Partial<TodoCreate>\n')
  expect(types.match(/\$contains/g)).toHaveLength(1)
})

test('those of seven resources are at most 15 kB', async () => {
  const names = ['author', 'book', 'copy', 'desk', 'event', 'fine', 'guest']
  const resources = names.map((name, i) => [
    name,
    resource({
      id: t.id(),
      name: t.text({ max: 80 }).unique(),
      rank: t.integer().default(0),
      kind: t.enum(['a', 'b']).nullable(),
      price: t.decimal({ digits: 8, places: 2 }).default('0.00'),
      due: t.datetime().nullable(),
      tags: t.list(t.text()).default([]),
      next: t.one(names[(i + 1) % names.length]!),
      backs: t.back(names[(i + names.length - 1) % names.length]!, 'next'),
      friends: t.many(names[(i * 3 + 2) % names.length]!),
    }).public(),
  ])
  const types = await typesOf(api(Object.fromEntries(resources), options))
  expect(types.length).toBeLessThan(15_000)
  const use = `import client from './client.mjs'
const made = await client.book.create({ name: 'x', next: { name: 'y', next: 1 }, friends: [1] })
const price: string = (await client.book.patch(made.id, { rank: 3 })).price
const backs: { name: string }[] = await client.book.backs.list(made.id, { filter: { rank: { $gt: 1 } }, 'rank[lt]': 9 })
await client.book.history(1, { limit: 3 })
const live = client.book.live({ filter: { rank: { $gt: 1 } }, sort: '-rank' })
for await (const { rows, status } of live) if (status === 'live') rows[0]?.name.at(0)
client.book.live(7).row?.name.at(0)
// @ts-expect-error -- there is no such field
client.book.live({ filter: { nope: 1 } })
// @ts-expect-error -- a name is required
await client.book.create({ next: 1 })
// @ts-expect-error -- there is no such field
await client.book.patch(1, { nope: 1 })
// @ts-expect-error -- there is no such field
await client.book.list({ nope: 1 })
// @ts-expect-error -- a row has an id
await client.book.patch({ rank: 1 })
export { price, backs }
`
  expect(await faultsOf(types, use)).toBe('')
})

test('a field that a rule hides from some may be missing', async () => {
  const worker = resource({ id: t.id(), pay: t.integer() }).rules(me => ({
    read: always,
    create: always,
    write: always,
    fields: { pay: { read: me.signedIn } },
  }))
  const use = `import client from './client.mjs'
await client.worker.create({ pay: 1 })
const pay: number | undefined = (await client.worker.get(1)).pay
// @ts-expect-error -- it may be hidden
const sure: number = (await client.worker.get(1)).pay
export { pay, sure }
`
  expect(await faultsOf(await typesOf(api({ worker }, options)), use)).toBe('')
})

test('the types compile whatever resources, fields and actions are called', async () => {
  const words = ['Rows', 'Loose', 'Logic', 'Partial', 'Omit', 'Client', 'Problem', 'default', 'größe', 'list']
  const field = { 'odd name': t.text().default(''), class: t.text().default(''), list: t.text().default('') }
  const resources = words.map(name => [name, resource({ id: t.id(), ...field }).public()])
  const types = await typesOf(api(Object.fromEntries(resources), options))
  const use = `import client from './client.mjs'
${words.map((name, i) => `const v${i}: string = (await client[${JSON.stringify(name)}].create({ 'odd name': 'x' })).class`).join('\n')}
export { v0 }
`
  expect(await faultsOf(types, use)).toBe('')
})
