// The client's requests, over HTTP, against the server.
import { describe, expect, test } from 'vitest'
import { Problem, type Served, type Tokens } from '../../src/client/index.ts'
import { act, action, actions, always, api, resource, t } from '../../src/index.ts'
import { clientAt, urlOf } from './served.ts'

const list = resource({ id: t.id(), title: t.text(), todos: t.back('todo', 'list') }).public()
const todo = resource(
  {
    id: t.id(),
    text: t.text({ min: 1 }),
    done: t.bool().default(false),
    rank: t.integer().default(0),
    photo: t.file({ types: ['image/*'] }),
    list: t.one('list').nullable(),
  },
  { bulk: true },
)
  .actions({
    close: action({
      on: 'row',
      input: { why: t.text() },
      output: { closed: t.text() },
      run: ({ input, row }) => ({ closed: `${row['text']}: ${input.why}` }),
    }),
    get_open: action({
      input: { least: t.integer().default(0) },
      output: t.integer(),
      run: async ({ input, ctx }) => (await ctx.db.list('todo', { filter: { rank: { $gte: input.least } } })).length,
    }),
  })
  .public()
const tag = resource({ id: t.id(), name: t.text().unique(), weight: t.integer().default(0) }).public()
const hello = actions('Hello', null, {
  get: act({ input: { name: t.text() }, output: t.text() }, ({ input }) => `Hello ${input.name}`),
}).public()
const declare = () => api({ list, todo, tag, hello })
interface App extends Served<ReturnType<typeof declare>> {}

const open = async () => {
  const app = declare()
  return { app, c: clientAt<App>(await urlOf(app)) }
}

describe('operations', () => {
  test('a row is created with those it nests, read in the asked shape, changed, replaced and deleted', async () => {
    const { c } = await open()
    const made = await c.todo.create({ text: 'pack', list: { title: 'Trip' } })
    expect(made).toEqual({ id: 1, text: 'pack', done: false, rank: 0, photo: null, list: 1 })
    expect(await c.todo.get(1, { fields: ['text', 'list.title'] })).toEqual({ text: 'pack', list: { title: 'Trip' } })
    expect((await c.todo.get(1, { include: ['list'] })).list).toEqual({ id: 1, title: 'Trip', todos: [1] })
    expect((await c.todo.patch(1, { done: true })).done).toBe(true)
    expect(await c.todo.replace(1, { text: 'fly' })).toMatchObject({ text: 'fly', done: false, list: null })
    expect(await c.todo.delete(1)).toBeUndefined()
    expect(await c.todo.get(1).safe()).toMatchObject({ ok: false, problem: { code: 'not_found', status: 404 } })
    const [newest, before] = await c.todo.history(1, { limit: 2 })
    expect(newest!.operation).toBe('delete')
    // What was there is read with the same words.
    const at = before!.position
    expect(await c.todo.get(1, { at })).toMatchObject({ text: 'fly' })
    const { rows } = await c.todo.list({ filter: { text: 'fly' }, at })
    expect(rows.map(({ id }) => id)).toEqual([1])
    expect((await c.todo.list()).rows).toEqual([])
  })

  test('a row is replaced by a unique key', async () => {
    const { c } = await open()
    const made = await c.tag.replace({ name: 'a' }, { name: 'a', weight: 1 })
    const again = await c.tag.replace({ name: 'a' }, { name: 'a', weight: 2 })
    expect([made.id, again]).toEqual([1, { id: 1, name: 'a', weight: 2 }])
  })

  test('many rows are created, changed and deleted at once', async () => {
    const { c } = await open()
    expect(await c.todo.create([{ text: 'a' }, { text: 'b', rank: 2 }])).toHaveLength(2)
    expect(await c.todo.patch({ filter: { rank: { $gte: 1 } } }, { done: true })).toMatchObject([{ id: 2, done: true }])
    await c.todo.delete({ filter: { done: true } })
    expect((await c.todo.list()).rows).toMatchObject([{ id: 1 }])
  })

  test('a page knows its neighbours and the number of rows; a list is iterated over all its pages', async () => {
    const { app, c } = await open()
    for (let rank = 0; rank < 7; rank++) await app.post('todo', { text: `${rank}`, rank })
    const query = { filter: { rank: { $lt: 6 } }, sort: '-rank', limit: 2, fields: ['rank'], total: true } as const
    const first = await c.todo.list(query)
    expect(first.rows).toEqual([{ rank: 5 }, { rank: 4 }])
    expect([first.total, first.prev]).toEqual([6, null])
    const second = await first.next!()
    expect(second.rows).toEqual([{ rank: 3 }, { rank: 2 }])
    expect((await second.prev!()).rows).toEqual(first.rows)
    const ranks = async (rows: AsyncIterable<{ rank: number }>) => (await Array.fromAsync(rows)).map(row => row.rank)
    expect(await ranks(c.todo.list(query))).toEqual([5, 4, 3, 2, 1, 0])
    expect(await ranks(second)).toEqual([3, 2, 1, 0])
  })

  test('actions are called by name, on a list, on a row, and on a resource of actions', async () => {
    const { c } = await open()
    await c.todo.create({ text: 'pack', rank: 3 })
    expect(await c.todo.close(1, { why: 'packed' })).toEqual({ closed: 'pack: packed' })
    expect(await c.todo.get_open({ least: 1 })).toBe(1)
    expect(await c.todo.get_open()).toBe(1)
    expect(await c.hello.get({ name: 'Ann' })).toBe('Hello Ann')
  })

  test('files are uploaded and downloaded', async () => {
    const { c } = await open()
    await c.todo.create({ text: 'pack' })
    const bytes = new Uint8Array([137, 80, 78, 71])
    const shown = await c.todo.upload(1, 'photo', new File([bytes], 'größe.png', { type: 'image/png' }))
    expect(shown).toMatchObject({ name: 'größe.png', type: 'image/png', size: 4 })
    expect(new Uint8Array(await (await c.todo.download(1, 'photo')).arrayBuffer())).toEqual(bytes)
    const refused = await c.todo.upload(1, 'photo', 'text', { type: 'text/plain' }).safe()
    expect(refused.problem?.code).toBe('unsupported_media_type')
  })

  test('any other request goes through $request', async () => {
    const { c } = await open()
    await c.$request('POST', '/todo', { data: { text: 'pack' } })
    expect(await c.$request('GET', '/todo', { query: { fields: ['id'], filter: { done: false } } })).toEqual([
      { id: 1 },
    ])
  })

  test('a write with the same key happens once', async () => {
    const { c } = await open()
    const [a, b] = [await c.todo.create({ text: 'x' }, { key: 'k' }), await c.todo.create({ text: 'x' }, { key: 'k' })]
    expect([a.id, b.id]).toEqual([1, 1])
  })

  test('a conflict is merged from the row as it is, what was to be written and the row as it was', async () => {
    const app = declare()
    const url = await urlOf(app)
    const c = clientAt<App>(url)
    await c.todo.create({ text: 'pack', rank: 1 })
    const live = c.todo.live(1)
    live.subscribe(() => {})
    await live.ready
    const tag = (await fetch(`${url}/todo/1`)).headers.get('etag')!.slice(1, -1)
    const work = c.todo.patch(
      1,
      { rank: 5 },
      {
        ifMatch: tag,
        merge: (current, mine, base) => ({ rank: current.rank + mine.rank! - base!.rank }),
      },
    )
    expect((await work).rank).toBe(5)
    await app.patch('todo', 1, { rank: 7 })
    await expect.poll(() => live.row?.rank).toBe(7)
    const asked: unknown[] = []
    const merge = (current: { rank: number }, mine: { rank?: number }, base: { rank: number } | null) => {
      asked.push([current.rank, mine.rank, base?.rank])
      return { rank: 100 }
    }
    expect((await c.todo.patch(1, { rank: 9 }, { ifMatch: tag, merge })).rank).toBe(100)
    expect(asked).toEqual([[7, 9, 7]])
    const refused = await c.todo.patch(1, { rank: 1 }, { ifMatch: tag, merge: () => null }).safe()
    expect(refused.problem?.code).toBe('precondition_failed')
    expect(live.row?.rank).toBe(100)
  })

  test('a conflict whose answer was lost is merged, and one with a third writer as well', async () => {
    const app = declare()
    const url = await urlOf(app)
    const seen: number[] = []
    const writing: typeof fetch = async (...request) => {
      if (seen.length === 1 && (await app.get('todo', 1)).rank === 7) await app.patch('todo', 1, { rank: 8 })
      return fetch(...request)
    }
    const c = clientAt<App>(url, { fetch: writing })
    await c.todo.create({ text: 'pack', rank: 1 })
    const ifMatch = (await fetch(`${url}/todo/1`)).headers.get('etag')!.slice(1, -1)
    await app.patch('todo', 1, { rank: 7 })
    // The server keeps the refusal with its key, but not the row.
    const lost = await c.todo.patch(1, { rank: 9 }, { ifMatch, key: 'k' }).safe()
    expect(lost.problem?.document['current']).toMatchObject({ rank: 7 })
    const merge = (current: { rank: number }, mine: { rank?: number }) => {
      seen.push(current.rank)
      return { rank: current.rank + mine.rank! }
    }
    expect((await c.todo.patch(1, { rank: 9 }, { ifMatch, key: 'k', merge })).rank).toBe(8 + 7 + 9)
    expect(seen).toEqual([7, 8])
  })

  test('writes to one row happen in the order in which they were made', async () => {
    const { c } = await open()
    await c.todo.create({ text: 'x' })
    const ranks = Array.from({ length: 20 }, (_, rank) => rank)
    const answers = await Promise.all(ranks.map(rank => c.todo.patch(1, { rank })))
    expect(answers.map(row => row.rank)).toEqual(ranks)
    expect((await c.todo.get(1)).rank).toBe(19)
  })
})

describe('problems', () => {
  test('say what is wrong with each member', async () => {
    const { c } = await open()
    const error: unknown = await c.todo.create({ text: '' }).catch((problem: unknown) => problem)
    expect(error).toBeInstanceOf(Problem)
    const problem = error as Problem
    expect([problem.code, problem.status]).toEqual(['validation', 400])
    expect(problem.at('#/text')?.code).toBe('length')
    expect(problem.fields['text']).toHaveLength(1)
    const nested = await c.todo.create([{ text: 'x' }, { text: '' }]).safe()
    expect(nested.problem?.at('#/1')?.pointer).toBe('#/1/text')
  })

  test('a client without a server says offline, an aborted request says so', async () => {
    const c = clientAt<App>('http://127.0.0.1:1')
    expect((await c.todo.get(1).safe()).problem?.code).toBe('offline')
    expect((await c.todo.get(1, { signal: AbortSignal.abort() }).safe()).problem?.code).toBe('aborted')
  })

  test('an answer of something else is unreadable', async () => {
    const c = clientAt<App>('http://x', { fetch: async () => new Response('<html>', { status: 502 }) })
    expect((await c.todo.get(1).safe()).problem).toMatchObject({ code: 'unreadable', status: 502 })
  })
})

describe('logging in', () => {
  const user = resource({ id: t.id(), email: t.email().unique(), password: t.password() })
    .login('email', 'password')
    .rules((me, row) => ({ create: always, read: row.is(me), write: row.is(me) }))
  let now = Date.now()
  const declareUsers = () =>
    api({ user }, { clock: () => now, auth: { secret: 'a secret of more than thirty-two bytes' } })
  interface Users extends Served<ReturnType<typeof declareUsers>> {}
  const ann = { email: 'ann@example.com', password: 'correct horse' }

  test('keeps tokens, renews them once for all requests, and forgets them', async () => {
    now = Date.now()
    const url = await urlOf(declareUsers())
    let kept: Tokens | null = null
    let renewals = 0
    const c = clientAt<Users>(url, {
      tokens: { get: () => kept, set: tokens => void (kept = tokens) },
      fetch: (input, init) => {
        if ((input as string).endsWith('/auth/refresh')) renewals++
        return fetch(input, init)
      },
    })
    await c.user.create(ann)
    expect((await c.user.get(1).safe()).problem?.code).toBe('unauthenticated')
    expect((await c.$auth.login({ ...ann, password: 'wrong horse' }).safe()).problem?.code).toBe('unauthenticated')
    await c.$auth.login(ann)
    expect((await c.user.get(1)).email).toBe(ann.email)
    expect(await c.$auth.ticket()).toBeTypeOf('string')
    const before = kept!
    now += 16 * 60_000
    const rows = await Promise.all([c.user.get(1), c.user.get(1), c.user.list()])
    expect(rows[0].email).toBe(ann.email)
    expect(renewals).toBe(1)
    expect(kept).not.toEqual(before)
    await c.$auth.logout()
    expect(kept).toBeNull()
    expect((await c.user.get(1).safe()).problem?.code).toBe('unauthenticated')
  })

  test('a token that has expired again before it is read is renewed again', async () => {
    now = Date.now()
    const url = await urlOf(declareUsers())
    let late = 0
    const c = clientAt<Users>(url, {
      fetch: (input, init) => {
        if (!(input as string).includes('/auth/') && late-- > 0) now += 16 * 60_000
        return fetch(input, init)
      },
    })
    await c.user.create(ann)
    await c.$auth.login(ann)
    late = 5
    expect((await c.user.get(1)).email).toBe(ann.email)
    late = 100
    expect((await c.user.get(1).safe()).problem?.code).toBe('token_expired')
    expect(late).toBe(91)
  })

  test('tokens that cannot be renewed are forgotten, and the request is refused as it was', async () => {
    now = Date.now()
    const url = await urlOf(declareUsers())
    let kept: Tokens | null = { access_token: 'x', refresh_token: 'y' }
    const c = clientAt<Users>(url, { tokens: { get: () => kept, set: tokens => void (kept = tokens) } })
    expect((await c.user.get(1).safe()).problem?.status).toBe(401)
    expect(kept).toBeNull()
  })
})
