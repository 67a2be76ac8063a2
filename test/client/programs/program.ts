// A random program: two clients write and are disturbed, and in the end both show what GET answers.
import { client, type ClientOptions, type Live, type Own, type Tokens } from '../../../src/client/index.ts'
import { queries } from './board.ts'
import { Network } from './network.ts'
import type { KillableServer } from './server.ts'

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

/** What a program did and saw. */
export interface Figures {
  programs: number
  writes: number
  cuts: number
  kills: number
  spells: number
  /** Comparisons of a query with the answer to a GET at the same position, while others wrote. */
  compared: number
}

export interface ProgramOptions {
  readonly seed: number
  readonly server: KillableServer
  /** How live queries are carried. */
  readonly optionsOf: (network: Network) => ClientOptions
  readonly steps: number
  readonly figures: Figures
}

/** The client of the board. The types of clients are tested elsewhere. */
// oxlint-disable-next-line typescript/no-explicit-any -- see above
type Board = Own<any> & Readonly<Record<'todo' | 'note' | 'list' | 'user', any>>

/** Some row, as far as the programs know it. */
interface Todo {
  readonly id: string
  readonly owner: string
  readonly n: number
}

interface Note {
  readonly text: string
}

/** A live query of one of the clients. */
interface Followed {
  readonly c: Board
  readonly path: 'todo' | 'note'
  readonly query: object
  readonly live: Live<unknown, unknown>
}

/** How long everything may take to settle, in milliseconds. */
const PATIENCE = 60_000

const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

const sessions = new Map<string, Tokens | null>()

/** A client of somebody who has an account. Programs against the same server go on with the same session. */
async function clientOf(url: string, name: string, options: ClientOptions): Promise<Board> {
  const at = `${url} ${name}`
  const tokens = { get: () => sessions.get(at) ?? null, set: (kept: Tokens | null) => void sessions.set(at, kept) }
  const c = client<any>(url, { ...options, tokens, linger: 0 }) as Board
  if (sessions.get(at)) return c
  const who = { email: `${name}@example.com`, password: 'correct horse' }
  await c.user.create(who)
  await c.$auth.login(who)
  return c
}

/** Runs a program. Returns what is wrong, or null. */
export async function runProgram({ seed, server, optionsOf, steps, figures }: ProgramOptions): Promise<string | null> {
  const random = numbers(seed)
  const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)]!
  const networks = [new Network(), new Network()]
  const clients: Board[] = []
  for (const [i, network] of networks.entries()) {
    // Nobody waits for long, so that a program is short.
    const common = { fetch: network.fetch, WebSocket: network.WebSocket, random: () => random() * 0.2 }
    // Most programs are told each change by itself, which shows more than what has become of it after some of them.
    const schedule = seed % 4 === 0 ? undefined : queueMicrotask
    clients.push(
      await clientOf(server.url, `c${i}`, { ...common, ...(schedule && { schedule }), ...optionsOf(network) }),
    )
  }
  try {
    return await within(attempt(), 'the end of the program', 3 * PATIENCE)
  } finally {
    for (const network of networks) network.up()
    for (const c of clients) c.$close()
  }

  async function attempt(): Promise<string | null> {
    for (const path of ['todo', 'note'] as const) await clients[0]![path].delete({ filter: { id: { $null: false } } })
    const lists = await clients[0]!.list.create(['x', 'y', 'z'].map(title => ({ title })))
    const wrong: string[] = []
    const refused = new Set<string>()
    const back = new Set<string>()
    const followed: Followed[] = clients.flatMap((c, i) => {
      const all = c.todo.live()
      const most = new Map<string, number>()
      all.subscribe(({ rows }: { readonly rows: readonly Todo[] }) => {
        for (const { id, owner, n } of rows) {
          if (owner !== `c${i}`) continue
          if ((most.get(id) ?? 0) > n) back.add(id)
          most.set(id, Math.max(most.get(id) ?? 0, n))
        }
      })
      const notes = c.note.live()
      notes.subscribe(({ rows }: { readonly rows: readonly Note[] }) => {
        if (new Set(rows.map(row => row.text)).size < rows.length) wrong.push('a row that is created was shown twice')
      })
      const some = queries.filter((_, n) => n === 0 || random() < 0.6)
      return [
        ...some.map((query): Followed => ({ c, path: 'todo', query, live: c.todo.live(query) })),
        { c, path: 'note', query: {}, live: notes },
      ]
    })
    const stops = followed.map(({ live }) => live.subscribe(() => {}))
    await within<unknown>(Promise.all(followed.map(({ live }) => live.ready)), 'the first rows')
    const writes: Promise<unknown>[] = []
    const made = new Map<string, boolean>()
    const write = (work: Promise<unknown>, text?: string): void => {
      if (text !== undefined) made.set(text, false)
      figures.writes++
      writes.push(
        work.then(
          () => text !== undefined && made.set(text, true),
          problem => {
            // Others may have deleted the row; nothing else may go wrong.
            if (!['not_found', 'validation'].includes(problem.code)) wrong.push(`a write was refused: ${problem}`)
          },
        ),
      )
    }
    const restarts: Promise<void>[] = []
    for (let step = 0; step < steps && wrong.length === 0; step++) {
      const i = Math.floor(random() * clients.length)
      const c = clients[i]!
      const network = networks[i]!
      const owner = `c${i}`
      const rows = c.todo.live().rows as readonly Todo[]
      const what = random()
      const rank = Math.floor(random() * 8)
      const price = pick(['9.50', '10.00', '-3.00', '0.00'])
      if (what < 0.35 || rows.length < 3) {
        const text = `${pick(['a', 'b', 'c'])}${step}`
        const one = {
          id: crypto.randomUUID(),
          text,
          rank,
          price,
          list: pick<unknown>([...lists.map(({ id }: Todo) => id), null]),
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
      else if (what < 0.9) write(c.list.patch(pick<Todo>(lists).id, { title: `t${rank}` }))
      else if (what < 0.94) await compareSome()
      else if (what < 0.97) {
        figures.cuts++
        network.cut()
      } else if (what < 0.985 && !network.isDown) {
        figures.spells++
        network.down()
        setTimeout(() => network.up(), random() * 200)
      } else {
        figures.kills++
        restarts.push(server.restart())
      }
      if (random() < 0.3) await pause(random() * 5)
    }
    await within(Promise.all(restarts), 'a restart')
    await within<unknown>(Promise.all(writes), 'the answers to all writes')
    for (const one of followed) {
      const { rows } = await get(one)
      const want = JSON.stringify(rows)
      const until = Date.now() + PATIENCE
      const shows = (): boolean => one.live.status === 'live' && JSON.stringify(one.live.rows) === want
      // What the last writes of others did may still be on its way; nothing is written any more.
      while (!shows() && Date.now() < until) await pause(10)
      if (!shows()) return difference(one, rows)
    }
    for (const stop of stops) stop()
    const notes = (await clients[0]!.note.list({ limit: 10_000 })).rows.map(({ text }: Note) => text)
    for (const [text, isAnswered] of made) {
      const count = notes.filter((one: string) => one === text).length
      if (count !== (isAnswered ? 1 : 0)) wrong.push(`${text} is there ${count} times`)
    }
    for (const c of clients) if (c.$status.pending > 0) wrong.push(`${c.$status.pending} writes wait`)
    for (const id of back) if (!refused.has(id)) wrong.push(`an own value of ${id} went back`)
    return wrong[0] ?? null

    /** Compares queries with a GET at the same position. So that they come there, nobody writes meanwhile. */
    async function compareSome(): Promise<void> {
      const soon = Date.now() + 1_000
      while (clients.some(c => c.$status.pending > 0) && Date.now() < soon) await pause(5)
      for (const one of [pick(followed), pick(followed), pick(followed)]) {
        const { rows, position } = await get(one)
        const isThere = (): boolean =>
          one.live.position === position && one.live.status === 'live' && one.c.$status.pending === 0
        while (!isThere() && Date.now() < soon) await pause(5)
        if (!isThere()) continue
        figures.compared++
        if (JSON.stringify(one.live.rows) !== JSON.stringify(rows)) wrong.push(difference(one, rows))
      }
    }
  }

  /** The rows of a query by GET, past all the disturbance, and their position: it is in the entity tag. */
  async function get({ path, query }: Followed): Promise<{ rows: unknown; position: string | undefined }> {
    const { resolve, promise } = Promise.withResolvers<{ rows: unknown; position: string | undefined }>()
    const c = client<any>(server.url, {
      fetch: async (url, init) => {
        const answer = await fetch(url, init)
        if (answer.ok)
          resolve({ rows: await answer.clone().json(), position: answer.headers.get('etag')?.slice(1, -1) })
        return answer
      },
    }) as Board
    for (let tries = 0; ; tries++) {
      const { problem } = await c[path].list({ limit: 10_000, ...query }).safe()
      if (!problem) return promise
      if (tries === 100) throw problem
      await pause(50)
    }
  }
}

/** What a query shows that GET does not, and the other way round. */
function difference({ path, query, live }: Followed, rows: unknown): string {
  const [shown, told] = [live.rows, rows as unknown[]].map(all => all.map(row => JSON.stringify(row)))
  const more = shown!.filter(row => !told!.includes(row))
  const less = told!.filter(row => !shown!.includes(row))
  const what = more.length + less.length === 0 ? 'in another order' : `more: ${more.join()}, less: ${less.join()}`
  return `${path} ${JSON.stringify(query)} ${live.status} ${live.problem ?? ''} ${what}`
}

/** Rejects if something takes too long, which is how a fault shows that has something wait for ever. */
async function within<T>(work: Promise<T>, what: string, patience: number = PATIENCE): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not come in ${patience / 1000} s`)), patience)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}
