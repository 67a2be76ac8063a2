// Random programs over every transport: clients that are cut off and write at the same time show in the end what GET answers.
import { expect, test } from 'vitest'
import type { Client, ClientOptions, Live, Served } from '../../src/client/index.ts'
import { streams } from '../../src/client/transports/streams.ts'
import { api, resource, t } from '../../src/index.ts'
import { clientAt, cut, urlOf } from './served.ts'

const list = resource({ id: t.id(), title: t.text() }).public()
const todo = resource({
  id: t.id('uuid', { client: true }),
  text: t.text(),
  done: t.bool().default(false),
  rank: t.integer().default(0),
  price: t.decimal({ digits: 6, places: 2 }).default('0.00'),
  owner: t.text().default(''),
  n: t.integer().default(0),
  list: t.one('list').nullable(),
}).public()
const note = resource({ id: t.id(), text: t.text() }).public()

const board = () =>
  api(
    { list, todo, note },
    { limits: { messageRate: 10_000, messageBurst: 10_000, maxPage: 10_000, connectionsPerAddress: 1_000 } },
  )
interface Board extends Served<ReturnType<typeof board>> {}

const queries: readonly object[] = [
  {},
  { filter: { done: false }, sort: '-rank' },
  { sort: ['rank', 'text'], limit: 8 },
  { filter: { text: { $startsWith: 'a' } }, sort: 'text' },
  { filter: { rank: { $gte: 3 } }, include: ['list'] },
  { filter: { done: true }, sort: ['-list.title', 'rank'] },
  { fields: ['text', 'rank'], sort: '-price', filter: { owner: { $ne: 'x' } } },
  { sort: 'price', fields: ['id', 'price'] },
]

/** A generator of numbers from 0 to 1 that repeats itself with its seed (mulberry32). */
function numbers(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0
    let x = Math.imul(state ^ (state >>> 15), 1 | state)
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32
  }
}

interface Program {
  readonly random: () => number
  readonly clients: readonly Client<Board>[]
  /** Somebody else, who writes as well. */
  readonly app: ReturnType<typeof board>
  /** What is done to the connections now and then. */
  disturb(client: Client<Board>): void | Promise<void>
  readonly steps: number
}

/** What was seen on the way: each should be 0. */
interface Faults {
  /** An own value went back to an earlier one. */
  back: number
  /** A row that was being created was shown twice. */
  twice: number
}

/** Runs a random program. Resolves when all writes are answered and all queries are up to date; checks what they show. */
async function runProgram({ random, clients, app, disturb, steps }: Program): Promise<Faults> {
  const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)]!
  const faults: Faults = { back: 0, twice: 0 }
  /** Rows that went back, and rows with a refused write, which is taken back. */
  const back: string[] = []
  const refused = new Set<string>()
  const followed = clients.flatMap((c, i) => {
    const all = c.todo.live()
    const most = new Map<string, number>()
    all.subscribe(({ rows }) => {
      for (const row of rows) {
        if (row.owner !== `c${i}`) continue
        if ((most.get(row.id) ?? 0) > row.n) back.push(row.id)
        most.set(row.id, Math.max(most.get(row.id) ?? 0, row.n))
      }
    })
    const notes = c.note.live()
    notes.subscribe(({ rows }) => {
      if (new Set(rows.map(row => row.text)).size < rows.length) faults.twice++
    })
    const some = queries.filter((_, n) => n === 0 || random() < 0.6)
    return [
      ...some.map(query => ({
        c,
        path: 'todo' as const,
        query,
        live: c.todo.live(query),
      })),
      { c, path: 'note' as const, query: {}, live: notes as Live<unknown, unknown> },
    ]
  })
  const stops = followed.map(({ live }) => live.subscribe(() => {}))
  await Promise.all(followed.map(({ live }) => live.ready))
  const writes: Promise<unknown>[] = []
  const made = new Map<string, boolean>()
  const write = (work: Promise<unknown>, text?: string): void => {
    if (text !== undefined) made.set(text, false)
    writes.push(
      work.then(
        () => text !== undefined && made.set(text, true),
        problem => {
          // Others may have deleted the row; nothing else may go wrong.
          if (!['not_found', 'reference'].includes(problem.code) && problem.code !== 'validation') throw problem
        },
      ),
    )
  }
  for (const title of ['x', 'y', 'z']) await clients[0]!.list.create({ title })
  for (let step = 0; step < steps; step++) {
    const c = pick(clients)
    const owner = `c${clients.indexOf(c)}`
    const { rows } = c.todo.live()
    const what = random()
    const rank = Math.floor(random() * 8)
    const price = pick(['9.50', '10.00', '-3.00', '0.00'])
    if (what < 0.35 || rows.length < 3) {
      const one = {
        id: crypto.randomUUID(),
        text: `${pick(['a', 'b', 'c'])}${step}`,
        rank,
        price,
        list: pick([1, 2, 3, null]),
      }
      write(c.todo.create({ ...one, owner: random() < 0.5 ? owner : '' }))
    } else if (what < 0.55) {
      const own = rows.filter(row => row.owner === owner)
      if (own.length > 0) {
        const { id, n } = pick(own)
        const work = c.todo.patch(id, { n: n + 1 })
        work.catch(() => refused.add(id))
        write(work)
      }
    } else if (what < 0.75) write(c.todo.patch(pick(rows).id, { rank, done: random() < 0.5, price }))
    else if (what < 0.82) write(c.todo.delete(pick(rows).id))
    else if (what < 0.88) write(c.note.create({ text: `note ${step}` }), `note ${step}`)
    else if (what < 0.92) write(c.list.patch(pick([1, 2, 3]), { title: `t${rank}` }))
    else if (what < 0.96) {
      const all = await app.list('todo', { fields: ['id'] })
      if (all.length > 0) await app.patch('todo', pick(all).id, { rank }).catch(() => {})
    } else await disturb(c)
    if (random() < 0.3) await new Promise(resolve => setTimeout(resolve, random() * 5))
  }
  await Promise.all(writes)
  for (const { c, path, query, live } of followed) {
    const want = await get(c, path, query)
    const shows = (): boolean => JSON.stringify(live.rows) === JSON.stringify(want)
    // What the last writes of others did may still be on its way; nothing is written any more.
    for (let tries = 0; tries < 200 && !(live.status === 'live' && shows()); tries++)
      await new Promise(resolve => setTimeout(resolve, 20))
    expect(live.rows, `${path} ${JSON.stringify(query)} ${live.status}`).toEqual(want)
    expect(live.rows.map(row => JSON.stringify(row))).toEqual((want as unknown[]).map(row => JSON.stringify(row)))
  }
  const notes = (await clients[0]!.note.list({ limit: 10_000 })).rows.map(row => row.text)
  for (const [text, isAnswered] of made) expect(notes.filter(one => one === text).length, text).toBe(isAnswered ? 1 : 0)
  expect(clients.map(c => c.$status.pending)).toEqual(clients.map(() => 0))
  for (const stop of stops) stop()
  faults.back = back.filter(id => !refused.has(id)).length
  return faults
}

async function get(c: Client<Board>, path: 'todo' | 'note', query: object): Promise<unknown> {
  for (;;) {
    const asked = await c.$request('GET', `/${path}`, { query: { limit: 10_000, ...query } }).safe()
    if (asked.ok) return asked.value
    // A server that is busy asks to come back.
    if (asked.problem.code !== 'unavailable') throw asked.problem
  }
}

/** `PROGRAMS=1000 npm test -- test/client/converging` runs more of them. */
const count = Number(process.env['PROGRAMS'] ?? 20)
const first = Number(process.env['SEED'] ?? 1)

/** Each transport, and what cuts the connections of a client. */
const transports: readonly [
  string,
  () => { readonly options: ClientOptions; readonly cut: (client: object) => void },
][] = [
  ['restuary.1', () => ({ options: {}, cut })],
  [
    'Server-Sent Events',
    () => {
      let streaming = new AbortController()
      const options: ClientOptions = {
        transport: streams,
        fetch: (url, init) => {
          const isStream = new Headers(init?.headers).get('accept') === 'text/event-stream'
          return fetch(url, isStream ? { ...init, signal: AbortSignal.any([init!.signal!, streaming.signal]) } : init)
        },
      }
      return {
        options,
        cut: () => {
          streaming.abort()
          streaming = new AbortController()
        },
      }
    },
  ],
]

test.each(transports)('%s', async (name, transport) => {
  for (let seed = first; seed < first + count / transports.length; seed++) {
    const random = numbers(seed)
    const app = board()
    const url = await urlOf(app)
    const { options, cut: disturb } = transport()
    const clients = [1, 2].map(() => clientAt<Board>(url, { random, linger: 0, ...options }))
    const faults = await runProgram({ random, clients, app, steps: 60, disturb })
    expect(faults, `${name}, seed ${seed}`).toEqual({ back: 0, twice: 0 })
    for (const one of clients) one.$close()
  }
})
