// What clients hold of a file that is opened with another declaration: it was shown by other fields and rules.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { always, api, js, resource, sqlite, t } from '../src/index.ts'
import { Client } from './property/live-oracle/client.ts'
import { callFor } from './property/live-oracle/random-query.ts'

const folder = mkdtempSync(join(tmpdir(), 'restuary-redeclared-'))
afterAll(() => rmSync(folder, { recursive: true }))
let files = 0

const id = t.id('integer', { client: true })
const fields = { id, n: t.integer().default(0), text: t.text().default('') }
const others = { user: resource({ id }) }
const declarations: Record<string, Record<string, any>> = {
  'the same': { ...others, todo: resource(fields) },
  'a field that is hidden': { ...others, todo: resource({ ...fields, text: t.text().default('').hidden() }) },
  'a rule': { ...others, todo: resource(fields).rules((_, todo) => ({ read: todo.n.gt(1) })) },
  'another rule': { ...others, todo: resource(fields).rules((_, todo) => ({ read: todo.n.gt(2) })) },
  'a function as a rule': {
    ...others,
    todo: resource(fields).rules(() => ({ read: js('odd', (_, row) => (row['n'] as number) % 2 === 1) })),
  },
  'another function': {
    ...others,
    todo: resource(fields).rules(() => ({ read: js('odd', (_, row) => (row['n'] as number) % 2 === 0) })),
  },
  'a rule of a field': {
    ...others,
    todo: resource(fields).rules((_, todo) => ({ read: always, fields: { text: { read: todo.n.gt(1) } } })),
  },
  'a calculated field': {
    ...others,
    todo: resource({ ...fields, twice: t.calc({ of: t.integer(), uses: ['n'], get: (row: any) => 2 * row.n }) }),
  },
  'one that calculates otherwise': {
    ...others,
    todo: resource({ ...fields, twice: t.calc({ of: t.integer(), uses: ['n'], get: (row: any) => 3 * row.n }) }),
  },
  'a field more': { ...others, todo: resource({ ...fields, open: t.bool().default(true) }) },
}

interface Seen {
  readonly client: Client
  readonly position: string
}

/** Opens a file with a declaration, shows a client what it has, and closes it. */
async function visit(file: string, declaration: string, before: Seen | null): Promise<Seen> {
  const app: any = api(declarations[declaration]!, { store: sqlite(file), report: () => {} })
  await app.ready()
  if (!before) for (const n of [1, 2, 3]) await app.put('todo', n, { n })
  const asked = { resource: 'todo', query: { sort: '-n', limit: 2, me: { id: 1 } }, mode: 'every' } as const
  const client = before?.client ?? new Client(asked, app.model.resources.get('todo'))
  await app.http.live.subscribe(callFor(app.engine, asked), client, { since: before?.position ?? null })
  const rows = await app.list('todo', asked.query)
  expect(client.bodies).toEqual(rows.map((row: unknown) => JSON.stringify(row)))
  const position = await app.http.live.now()
  await app.close()
  return { client, position }
}

const newFile = (): string => join(folder, `${files++}.db`)

test('the same declaration leaves positions as they are', async () => {
  const file = newFile()
  const seen = await visit(file, 'the same', null)
  const { client, position } = await visit(file, 'the same', seen)
  expect([client.resumes, client.resets, position]).toEqual([1, 0, seen.position])
})

const names = Object.keys(declarations)
test.each(names.slice(1).map((to, i) => [names[i]!, to]))(
  'whoever saw %s and resumes with %s is reset',
  async (from, to) => {
    const file = newFile()
    const { client } = await visit(file, to, await visit(file, from, null))
    expect([client.resumes, client.resets]).toEqual([0, 1])
  },
)
