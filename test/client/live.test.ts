// Live queries of the client over restuary.1, against the server.
import { describe, expect, test } from 'vitest'
import type { Live, LiveState, Served } from '../../src/client/index.ts'
import { api, resource, t } from '../../src/index.ts'
import { clientAt, cut, urlOf } from './served.ts'

const list = resource({ id: t.id(), title: t.text() }).public()
const todo = resource({
  id: t.id('uuid', { client: true }),
  text: t.text({ min: 1 }),
  done: t.bool().default(false),
  rank: t.integer().default(0),
  list: t.one('list').nullable(),
}).public()
const note = resource({ id: t.id(), text: t.text({ min: 1 }) }).public()
const declare = () => api({ list, todo, note })
interface App extends Served<ReturnType<typeof declare>> {}

const open = async () => {
  const app = declare()
  const url = await urlOf(app)
  return { app, url, c: clientAt<App>(url) }
}

/** The first state that fits. */
async function until<R, I>(live: Live<R, I>, fits: (state: LiveState<R, I>) => boolean): Promise<LiveState<R, I>> {
  for await (const state of live) if (fits(state)) return state
  throw new Error('it has ended')
}

describe('a live query', () => {
  test('has the rows in their order, and changes of everybody', async () => {
    const { app, c } = await open()
    await app.post('todo', { text: 'b', rank: 2 })
    const live = c.todo.live({ filter: { done: false }, sort: '-rank' })
    const states = live[Symbol.asyncIterator]()
    const next = async () => (await states.next()).value!
    expect(live.status).toBe('loading')
    const first = await next()
    expect(first.rows).toMatchObject([{ text: 'b' }])
    expect([first.status, first.changes]).toMatchObject(['live', [{ kind: 'enter' }]])
    const made = await app.post('todo', { text: 'a', rank: 3 })
    const second = await next()
    expect(second.rows.map(row => row.text)).toEqual(['a', 'b'])
    expect(second.changes).toEqual([{ kind: 'enter', id: made.id, row: made }])
    expect(second.rows[1]).toBe(first.rows[0])
    await app.patch('todo', made.id, { rank: 1 })
    const third = await next()
    expect(third.rows.map(row => row.text)).toEqual(['b', 'a'])
    expect(third.changes).toMatchObject([{ kind: 'change', id: made.id }])
    await app.patch('todo', made.id, { done: true })
    const fourth = await next()
    expect(fourth.changes).toEqual([{ kind: 'leave', id: made.id, row: null }])
    expect(fourth.rows).toEqual(live.rows)
    expect(Number(fourth.position!.split('.')[1])).toBe(4)
  })

  test('calls back, and equal words give the same one', async () => {
    const { app, c } = await open()
    const live = c.note.live({ sort: 'text', limit: 2 })
    expect(c.note.live({ limit: 2, sort: 'text' })).toBe(live)
    const told: string[][] = []
    const stop = live.subscribe(state => told.push(state.rows.map(row => row.text)))
    await live.ready
    await app.post('note', [{ text: 'c' }, { text: 'b' }])
    await until(live, ({ rows }) => rows.length === 2)
    await app.post('note', { text: 'a' })
    await until(live, ({ rows }) => rows[0]?.text === 'a')
    stop()
    await app.post('note', { text: '0' })
    await until(live, ({ rows }) => rows[0]?.text === '0')
    expect(told.filter((one, i) => String(one) !== String(told[i - 1]))).toEqual([[], ['b', 'c'], ['a', 'b']])
  })

  test('of a row waits for it, follows it, and sees it go', async () => {
    const { app, c } = await open()
    const live = c.note.live(1)
    await live.ready
    expect(live.row).toBeNull()
    await app.post('note', { text: 'x' })
    expect((await until(live, ({ rows }) => rows.length > 0)).rows).toEqual([{ id: 1, text: 'x' }])
    await app.patch('note', 1, { text: 'y' })
    await until(live, ({ rows }) => rows[0]?.text === 'y')
    await app.delete('note', 1)
    await until(live, ({ rows }) => rows.length === 0)
    expect(live.row).toBeNull()
  })

  test('shows related rows, and an order that its rows do not tell', async () => {
    const { app, c } = await open()
    const [a, b] = await app.post('list', [{ title: 'a' }, { title: 'b' }])
    await app.post('todo', [
      { text: 'x', list: a!.id },
      { text: 'y', list: b!.id },
    ])
    const deep = c.todo.live({ include: ['list'], sort: 'list.title' })
    const bare = c.todo.live({ fields: ['text'], sort: ['-list.title'] })
    await Promise.all([deep.ready, bare.ready])
    expect(deep.rows.map(row => row.list?.title)).toEqual(['a', 'b'])
    expect(bare.rows).toEqual([{ text: 'y' }, { text: 'x' }])
    await app.patch('list', a!.id, { title: 'c' })
    await until(deep, ({ rows }) => rows[1]?.list?.title === 'c')
    await until(bare, ({ rows }) => rows[0]?.text === 'x')
    expect(deep.rows.map(row => row.list?.title)).toEqual(['b', 'c'])
  })

  test('is told of a changed row what is different', async () => {
    const app = declare()
    const heard: { op: string; events?: object[] }[] = []
    class Recorded extends WebSocket {
      constructor(...given: ConstructorParameters<typeof WebSocket>) {
        super(...given)
        this.addEventListener('message', ({ data }) => heard.push(JSON.parse(data as string)))
      }
    }
    const c = clientAt<App>(await urlOf(app), { WebSocket: Recorded })
    const { id } = await app.post('todo', { text: 'a long text that is not sent again' })
    const live = c.todo.live()
    await live.ready
    await app.patch('todo', id, { rank: 3 })
    await until(live, ({ rows }) => rows[0]?.rank === 3)
    expect(heard.find(({ op }) => op === 'commit')?.events).toMatchObject([{ kind: 'change', patch: { rank: 3 } }])
    expect(live.rows).toEqual(await app.list('todo'))
  })

  test('that is refused says why', async () => {
    const { c } = await open()
    // @ts-expect-error -- no such field
    const live = c.todo.live({ filter: { dnoe: true } })
    await expect(live.ready).rejects.toMatchObject({ code: 'validation' })
    expect([live.status, live.problem?.status]).toEqual(['refused', 400])
    await expect(until(live, () => true)).rejects.toMatchObject({ code: 'validation' })
  })

  test('goes on where it was after its connection was lost, and is stale meanwhile', async () => {
    const { app, c } = await open()
    await app.post('note', { text: 'a' })
    const live = c.note.live()
    const statuses: string[] = []
    live.subscribe(({ status }) => void (statuses.at(-1) !== status && statuses.push(status)))
    await live.ready
    const [kept] = live.rows
    cut(c)
    await until(live, ({ status }) => status === 'stale')
    await app.post('note', { text: 'b' })
    await until(live, ({ rows }) => rows.length === 2)
    expect(live.rows[0]).toBe(kept)
    await until(live, ({ status }) => status === 'live')
    expect(statuses).toEqual(['live', 'stale', 'live'])
    expect(c.$status.connection).toBe('open')
  })

  test('ends when the client is closed', async () => {
    const { c } = await open()
    const live = c.note.live()
    await live.ready
    const ended = Array.fromAsync(live)
    c.$close()
    expect((await ended).at(-1)!.status).toBe('closed')
    expect((await c.note.create({ text: 'x' }).safe()).problem?.code).toBe('closed')
  })
})

describe('a write', () => {
  test('is shown at once, and its answer comes when live queries have been told', async () => {
    const { app, c } = await open()
    const live = c.todo.live({ filter: { rank: { $gte: 1 } }, sort: 'rank' })
    await live.ready
    const id = crypto.randomUUID()
    const made = c.todo.create({ id, text: 'a', rank: 2 })
    expect(live.rows).toEqual([{ id, text: 'a', done: false, rank: 2, list: null }])
    expect(c.$status.pending).toBe(1)
    const row = await made
    expect(live.rows).toEqual([row])
    const patched = c.todo.patch(id, { rank: 0 })
    expect(live.rows).toEqual([])
    await patched
    const back = c.todo.patch(id, { rank: 3, done: true })
    expect(live.rows).toEqual([])
    await back
    expect(live.rows).toMatchObject([{ id, rank: 3 }])
    const removed = c.todo.delete(id)
    expect(live.rows).toEqual([])
    await removed
    expect([live.rows, await app.list('todo'), c.$status.pending]).toEqual([[], [], 0])
  })

  test('is shown with related rows if it has none yet', async () => {
    const { app, c } = await open()
    const { id: home } = await app.post('list', { title: 'home' })
    const live = c.todo.live({ include: ['list'], sort: 'text' })
    await live.ready
    const made = c.todo.create({ id: crypto.randomUUID(), text: 'a' })
    expect(live.rows).toMatchObject([{ text: 'a', list: null }])
    const other = c.todo.create({ id: crypto.randomUUID(), text: 'b', list: home })
    expect(live.rows).toHaveLength(1)
    expect([(await made).list, (await other).list]).toEqual([null, home])
    expect(live.rows.map(row => row.list?.title)).toEqual([undefined, 'home'])
  })

  test('that is refused is taken back', async () => {
    const { c } = await open()
    const live = c.todo.live({ sort: 'text' })
    await live.ready
    const row = await c.todo.create({ id: crypto.randomUUID(), text: 'a' })
    const refused = c.todo.patch(row.id, { text: '' }).safe()
    expect(live.rows).toMatchObject([{ text: '' }])
    expect((await refused).problem?.fields.text?.[0]?.code).toBe('length')
    expect(live.rows).toEqual([row])
  })

  test('made without a connection is shown, and happens once when there is one', async () => {
    const { app, c } = await open()
    const live = c.todo.live()
    await live.ready
    cut(c)
    const id = crypto.randomUUID()
    const work = [c.todo.create({ id, text: 'a' }), c.todo.patch(id, { rank: 1 }), c.todo.patch(id, { rank: 2 })]
    expect(live.rows).toMatchObject([{ id, rank: 2 }])
    await Promise.all(work)
    expect(await app.list('todo')).toEqual(live.rows)
    expect((await app.history('todo', id)).records).toHaveLength(3)
  })

  test('of a quick hand never goes back', async () => {
    const { app, c } = await open()
    const live = c.todo.live()
    await live.ready
    const id = crypto.randomUUID()
    const seen: number[] = []
    live.subscribe(({ rows }) => seen.push(rows[0]?.rank ?? 0))
    const writes: Promise<unknown>[] = [c.todo.create({ id, text: 'a' })]
    for (let rank = 1; rank <= 50; rank++) {
      writes.push(c.todo.patch(id, { rank }))
      if (rank % 10 === 0) await app.patch('todo', id, { text: `${rank}` }).catch(() => {})
      if (rank === 25) cut(c)
    }
    await Promise.all(writes)
    expect(seen).toEqual(seen.toSorted((a, b) => a - b))
    expect(live.rows).toEqual(await app.list('todo'))
  })
})
