import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { api, ApiError, memory, resource, sqlite, t, type ApiOptions, type Store } from '../src/index.ts'
import { slow } from '../src/testing/slow-store.ts'

const folder = mkdtempSync(join(tmpdir(), 'restuary-api-'))
afterAll(() => rmSync(folder, { recursive: true }))
let files = 0

const stores: [string, () => Store][] = [
  ['memory', () => memory()],
  ['a slow store', () => slow(memory())],
  ['sqlite', () => sqlite(join(folder, `${++files}.db`))],
]

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const app of open.splice(0)) await app.close()
})

describe.each(stores)('the programmatic API over %s', (_, store) => {
  /** Lists with todos, a profile for each user, friends, tags, spouses. */
  function town(options: ApiOptions = {}) {
    const user = resource({
      id: t.id(),
      email: t.email().unique(),
      name: t.text({ min: 1, trim: true }).check(name => name !== 'root' || 'is taken by the system'),
      profile: t.back('profile', 'user', { one: true }).sortable(),
      spouse: t.one('user', { symmetric: true }).nullable(),
      friends: t.many('user', { symmetric: true }),
      changed: t.now({ on: 'write' }),
    })
    const profile = resource({ id: t.id(), bio: t.text(), user: t.one('user', { unique: true, onDelete: 'cascade' }) })
    const list = resource({
      id: t.id(),
      title: t.text({ min: 1 }),
      todos: t.back('todo', 'list'),
      open: t.count('todos'),
      tags: t.many('tag', { inverse: 'lists' }),
    })
    const todo = resource({
      id: t.id(),
      text: t.text(),
      rank: t.integer({ min: 0 }).default(0),
      list: t.one('list', { onDelete: 'cascade' }),
      loud: t.calc({
        of: t.text(),
        get: (row: { text: string }) => row.text.toUpperCase(),
        set: (_row: { text: string }, value: string) => ({ text: value.toLowerCase() }),
        uses: ['text'],
      }),
    })
      .check(
        (row: { rank: number; text: string }) =>
          row.rank < 10 || row.text.length > 1 || { text: 'is too short for its rank' },
      )
      .unique('list', 'text')
    const tag = resource({ id: t.id(), name: t.text(), lists: t.many('list', { inverse: 'tags', ids: false }) })
    const app = api({ user, profile, list, todo, tag }, { store: store(), report: () => {}, ...options })
    open.push(app)
    return app
  }

  test('nested creation makes everything in one commit, ids outer first and left to right', async () => {
    const app = town()
    const made = await app.post('list', {
      title: 'Trip',
      todos: [{ text: 'pack' }, { text: 'go', rank: 3 }],
      tags: [{ name: 'fun' }],
    })
    expect(made).toEqual({ id: 1, title: 'Trip', todos: [1, 2], open: 2, tags: [1] })
    expect(await app.list('todo')).toEqual([
      { id: 1, text: 'pack', rank: 0, list: 1, loud: 'PACK' },
      { id: 2, text: 'go', rank: 3, list: 1, loud: 'GO' },
    ])
    const commits = await app.store.commits(0, 100)
    expect(commits).toHaveLength(1)
    expect(commits![0]!.changes.map(c => `${c.op} ${c.resource.name} ${c.id}`)).toEqual([
      'create list 1',
      'create todo 1',
      'create todo 2',
      'create tag 1',
    ])
    expect(commits![0]!.changes.map(c => c.seq)).toEqual([1, 2, 3, 4])
  })

  test('moving a row changes the versions of both parents in the same commit', async () => {
    const app = town()
    await app.post('list', [{ title: 'A', todos: [{ text: 'x' }] }, { title: 'B' }])
    const [a, b] = [await app.safe.get('list', 1), await app.safe.get('list', 2)]
    await app.patch('todo', 1, { list: 2 })
    const [c, d] = [await app.safe.get('list', 1), await app.safe.get('list', 2)]
    expect([c.etag !== a.etag, d.etag !== b.etag]).toEqual([true, true])
    expect([c.body, d.body]).toEqual([
      { id: 1, title: 'A', todos: [], open: 0, tags: [] },
      { id: 2, title: 'B', todos: [1], open: 1, tags: [] },
    ])
    const last = (await app.store.commits(0, 100))!.at(-1)!
    expect(last.changes.map(c => [c.resource.name, c.id, c.lists])).toEqual([
      ['todo', 1, []],
      ['list', 1, [{ field: 'todos', added: [], removed: [1] }]],
      ['list', 2, [{ field: 'todos', added: [1], removed: [] }]],
    ])
  })

  test('a write that changes nothing appends nothing', async () => {
    const app = town()
    await app.post('list', { title: 'A' })
    const before = await app.safe.get('list', 1)
    expect((await app.safe.patch('list', 1, { title: 'A', todos: [] })).etag).toBe(before.etag)
    expect((await app.safe.put('list', 1, before.body)).etag).toBe(before.etag)
    expect(await app.store.commits(0, 10)).toHaveLength(1)
  })

  test('one-to-one: a new row takes the place; the former one is left without, or refuses', async () => {
    const app = town()
    await app.post('user', [
      { email: 'a@x.io', name: 'a' },
      { email: 'b@x.io', name: 'b' },
      { email: 'c@x.io', name: 'c' },
    ])
    await app.patch('user', 1, { spouse: 2 })
    await app.patch('user', 3, { spouse: 2 })
    expect((await app.list('user')).map(u => u.spouse)).toEqual([null, 3, 2])
    await app.post('profile', { bio: 'I', user: 1 })
    const refused = await app.safe.post('profile', { bio: 'II', user: 1 })
    expect([refused.status, (refused.body as { error: string }).error]).toEqual([409, 'conflict'])
    await app.delete('user', 1)
    expect(await app.list('profile')).toEqual([])
  })

  test('the other half of a one-to-one sorts like the field that holds it', async () => {
    const app = town()
    for (const name of ['a', 'b', 'c']) await app.post('user', { email: `${name}@x.io`, name })
    for (const user of [3, 1]) await app.post('profile', { bio: 'I', user })
    const sorted = async (sort: 'profile' | '-profile'): Promise<unknown> =>
      (await app.list('user', { sort: [sort] })).map(({ id, profile }) => [id, profile])
    expect(await sorted('profile')).toEqual([[3, 1], [1, 2], [2, null]]) // prettier-ignore
    expect(await sorted('-profile')).toEqual([[1, 2], [3, 1], [2, null]]) // prettier-ignore
  })

  test('symmetric many-to-many is the same from both sides', async () => {
    const app = town()
    await app.post('user', [
      { email: 'a@x.io', name: 'a' },
      { email: 'b@x.io', name: 'b', friends: [1] },
    ])
    expect((await app.list('user')).map(u => u.friends)).toEqual([[2], [1]])
    await app.delete('user', 2)
    expect((await app.get('user', 1)).friends).toEqual([])
  })

  test('calculated fields are set through their setter', async () => {
    const app = town()
    await app.post('list', { title: 'A', todos: [{ text: 'x' }] })
    expect(await app.patch('todo', 1, { loud: 'SHOUT' })).toMatchObject({ text: 'shout', loud: 'SHOUT' })
  })

  test('checks of fields and rows, composite unique keys, all with their places', async () => {
    const app = town()
    await app.post('list', { title: 'A', todos: [{ text: 'x' }] })
    const problem = async (answer: Promise<{ status: number; body: unknown }>) => {
      const { status, body } = await answer
      return [
        status,
        (body as { errors: { pointer: string; code: string }[] }).errors.map(e => `${e.pointer} ${e.code}`),
      ]
    }
    expect(await problem(app.safe.post('user', { name: 'root', email: 'nobody' }))).toEqual([
      400,
      ['#/email format', '#/name check'],
    ])
    expect(await problem(app.safe.post('todo', { text: 'y', rank: 10, list: 1 }))).toEqual([400, ['#/text check']])
    const [status, [first]] = (await problem(app.safe.post('todo', { text: 'x', list: 1 }))) as [number, [string]]
    expect([status, first]).toMatchObject([409, expect.stringMatching(/^#\/(list|text) unique$/)])
    expect(await problem(app.safe.post('list', { titel: 1, todos: [{ txt: 'a' }] }))).toEqual([
      400,
      ['#/title required', '#/todos/0/text required', '#/todos/0/txt unknown_field', '#/titel unknown_field'],
    ])
  })

  test('many rows: the faults of all are reported, also fields that may not be written', async () => {
    const app = town()
    const told = async (rows: readonly object[]): Promise<unknown> => {
      const { status, body } = await app.safe.post('list', rows)
      return { status, ...(body as object) }
    }
    const counted = { pointer: '#/0/open', code: 'read_only' }
    expect(await told([{ title: 'A', open: 5 }, { title: 7 }])).toMatchObject({
      status: 400,
      error: 'validation',
      errors: [counted, { pointer: '#/1/title', code: 'type' }],
    })
    expect(await told([{ title: 'A', open: 5 }, { title: 'B' }])).toMatchObject({
      error: 'read_only',
      errors: [counted],
    })
    expect(await app.list('list')).toEqual([])
  })

  test('a transaction is all or nothing and sees its own writes', async () => {
    const app = town()
    const failed = app.transaction(async tx => {
      const list = await tx.post('list', { title: 'A' })
      await tx.post('todo', { text: 'x', list: list.id })
      expect(await tx.list('todo')).toHaveLength(1)
      expect(await app.list('todo')).toHaveLength(0)
      throw new Error('no')
    })
    await expect(failed).rejects.toThrow('no')
    expect(await app.list('list')).toEqual([])
    await app.transaction(async tx => {
      await tx.post('list', { title: 'B' })
      await expect(tx.post('list', { title: '' })).rejects.toBeInstanceOf(ApiError)
      await tx.post('list', { title: 'C' })
    })
    expect((await app.list('list')).map(l => l.title)).toEqual(['B', 'C'])
  })

  test('PUT by a unique key makes the row or replaces it', async () => {
    const app = town()
    const first = await app.safe.put('user', { email: 'a@x.io' }, { name: 'Ann' })
    const second = await app.safe.put('user', { email: 'a@x.io' }, { name: 'Anna' })
    expect([first.status, second.status]).toEqual([201, 200])
    expect(await app.list('user', { fields: ['id', 'name'] })).toEqual([{ id: 1, name: 'Anna' }])
    expect((await app.safe.put('user', { name: 'Ann' }, { email: 'b@x.io' })).status).toBe(400)
    expect((await app.safe.put('user', { email: 'a@x.io' }, { name: 'A', email: 'b@x.io' })).status).toBe(400)
  })

  test('t.now on write follows changes, not requests', async () => {
    let now = Date.UTC(2026, 0, 1)
    const app = town({ clock: () => now })
    await app.post('user', { email: 'a@x.io', name: 'a' })
    now += 1000
    await app.patch('user', 1, { name: 'a' })
    expect(await app.get('user', 1)).toMatchObject({ changed: '2026-01-01T00:00:00Z' })
    await app.patch('user', 1, { name: 'b' })
    expect(await app.get('user', 1)).toMatchObject({ changed: '2026-01-01T00:00:01Z' })
  })

  test('the first rows come from seed, once', async () => {
    const kept = store()
    const seed: NonNullable<ApiOptions['seed']> = async app =>
      void (await app.post('list', { title: 'first' } as never))
    const app = town({ store: kept, seed })
    expect(await app.list('list')).toHaveLength(1)
    await app.delete('list', 1)
    await app.post('list', { title: 'other' })
    const again = town({ store: kept, seed })
    expect((await again.list('list')).map(l => l.title)).toEqual(['other'])
    open.pop()
  })

  test('a transaction waits for the first rows', async () => {
    const app = town({ seed: async one => void (await one.post('list', { title: 'first' } as never)) })
    expect(await app.transaction(one => one.list('list'))).toHaveLength(1)
  })

  test('strict mode refuses requests that claim two things at once', async () => {
    const app = town({ strict: true })
    await app.post('list', [{ title: 'A' }, { title: 'B' }])
    const vague = await app.safe.patch('list', 1, { todos: [{ text: 'x', list: 2 }] })
    expect([vague.status, vague.body]).toMatchObject([
      400,
      { error: 'vague', errors: [{ pointer: '#/todos/0/list' }, { pointer: '#/todos/0' }] },
    ])
    expect((await town().safe.post('list', { title: 'C', todos: [{ text: 'x', list: 9 }] })).status).toBe(400)
  })

  test('deep lists load related rows with one query for each relation and level', async () => {
    const kept = store()
    const app = town({ store: kept })
    for (let i = 0; i < 10; i++)
      await app.post('list', { title: `L${i}`, todos: [{ text: 'a' }, { text: 'b' }], tags: [{ name: `t${i}` }] })
    const asked = countQueries(kept)
    const rows = await app.list('list', { depth: 3 })
    expect(rows).toHaveLength(10)
    const ids = ['children', 'childCounts', 'pairs'] // of lists at depth 1: todos, how many, tags
    expect(asked.queries).toEqual([
      'select',
      'childRows',
      'many',
      ...ids,
      'childCounts',
      'pairRows',
      'pairRows',
      ...ids,
    ])
  })
})

/** Names of the snapshot's methods that are called from now on. */
function countQueries(store: Store): { queries: string[] } {
  const queries: string[] = []
  const read = store.read.bind(store)
  store.read = work =>
    read(snapshot =>
      work(
        new Proxy(snapshot, {
          get: (target, name) => {
            const value: unknown = Reflect.get(target, name)
            if (typeof value !== 'function') return value
            if (name !== 'changed') queries.push(String(name))
            return value.bind(target)
          },
        }),
      ),
    )
  return { queries }
}
