// Servers that a user would write instead, and ours, each in a process with a client a subscription: what a write costs above the
// same write with nobody there.
import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { LOAD_CORE, pinned } from '../machine.ts'
import { hasPeer, PEER_FLAG } from '../servers/peer.ts'
import { start, type Running } from '../server.ts'
import type { Writes, Written } from '../servers/scale-start.ts'
import type { Figure } from './table.ts'
import type { Reading, Size } from './world.ts'

/** A server, and how its clients speak. */
interface Contender {
  readonly name: string
  readonly file: string
  readonly speech: 'native' | 'asking' | 'connected' | 'live'
  /** A package that it needs and that may not be installed. */
  readonly needs?: string
  /** What it cannot follow. */
  readonly lacks?: readonly Reading[]
}

const contenders: readonly Contender[] = [
  { name: 'restuary', file: 'scale-restuary.ts', speech: 'native' },
  { name: 'Socket.IO that re-queries', file: 'scale-socketio.ts', speech: 'asking' },
  {
    name: 'Feathers channels',
    file: 'scale-feathers.ts',
    speech: 'connected',
    needs: '@feathersjs/socketio',
    lacks: ['everybody'],
  },
  { name: 'Remult liveQuery', file: 'scale-remult.ts', speech: 'live', needs: 'remult' },
]

interface Situation {
  readonly name: string
  readonly reading: Reading
  readonly size: Size
  /** The todos that are written in turns. */
  readonly first: number
  readonly span: number
  /** Whether a subscriber is told about the write. */
  readonly isTold: boolean
}

/** The followed queries, with the largest number of users. */
function situations(most: number): Situation[] {
  const size = { users: most + 50, todos: 3 }
  // The last todo is in the list of the first user, with ten members.
  const first = size.users * size.todos + 1
  const rows = Math.max(20_000, 2 * most)
  const ruled = (reading: Reading, name: string): Situation => ({ name, reading, size, first, span: 1, isTold: true })
  return [
    ruled('relation', 'relation rule, 1 told'),
    ruled('membership', 'membership rule, 10 told'),
    ruled('any of three', 'any-of-three rule, 10 told'),
    {
      name: 'windows, none changes',
      reading: 'everybody',
      size: { users: 100, todos: rows / 100 },
      first: rows - 1_000,
      span: 500,
      isTold: false,
    },
  ]
}

/** Clients in a process of their own. */
class Clients {
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>

  constructor(port: number, first: number, count: number, { speech }: Contender, { reading }: Situation) {
    const what = reading === 'everybody' ? 'window' : 'all'
    const script = fileURLToPath(new URL('clients.ts', import.meta.url))
    const [file, ...args] = pinned(
      [process.execPath, script, ...[port, first, count].map(String), speech, what],
      LOAD_CORE,
    )
    this.#child = spawn(file!, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#lines = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]()
  }

  async #line(): Promise<{ bytes?: number }> {
    const { value, done } = await this.#lines.next()
    if (done) throw new Error('the clients are gone')
    return JSON.parse(value) as { bytes?: number }
  }

  async ready(): Promise<void> {
    await this.#line()
  }

  /** Bytes that they got since they were asked last. */
  async heard(): Promise<number> {
    this.#child.stdin!.write('\n')
    return (await this.#line()).bytes!
  }

  end(): void {
    this.#child.kill()
  }
}

const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

const NOTHING: Writes = { first: 0, span: 1, most: 0, ms: 0 }
/** Milliseconds between looks, and microseconds of processor time in which a server does nothing. */
const LOOK = 60
const IDLE = 3_000

/** Waits until a server is idle, and returns its processor time in microseconds. */
async function settled(server: Running): Promise<number> {
  for (let before = -Infinity; ;) {
    const { cpu } = await server.ask<Written>(NOTHING)
    if (cpu - before < IDLE) return cpu
    before = cpu
    await pause(LOOK)
  }
}

/** Writes go on for so many milliseconds, or until there were so many. */
const LONG = 1_000
const MOST = 500

/** Microseconds of the server's processor time a write. */
async function price(server: Running, { first, span }: Situation): Promise<number> {
  const before = await settled(server)
  const { writes } = await server.ask<Written>({ first, span, most: MOST, ms: LONG } satisfies Writes)
  return ((await settled(server)) - before) / writes
}

/** Rounds that do not count, because code that runs for the first time is still being compiled. */
const WARM = 3
/** In microseconds. A contender that needs this long for a write is not measured with more clients. */
const MINUTE = 60_000_000

/** One server with more and more clients. */
async function run(contender: Contender, situation: Situation, counts: readonly number[]): Promise<Figure[]> {
  const { name: of, reading, size, isTold } = situation
  const settings = [`--reading=${reading}`, `--users=${size.users}`, `--todos=${size.todos}`]
  const file = fileURLToPath(new URL(`../servers/${contender.file}`, import.meta.url))
  const server = await start({
    command: (port, db) => [process.execPath, PEER_FLAG, file, `--port=${port}`, `--db=${db}`, ...settings],
  })
  const all: Clients[] = []
  const figures: Figure[] = []
  try {
    for (let i = 0; i < WARM; i++) await price(server, situation)
    const alone = await price(server, situation)
    for (const [i, count] of counts.entries()) {
      const there = counts[i - 1] ?? 0
      const clients = new Clients(server.port, there + 1, count - there, contender, situation)
      all.push(clients)
      await clients.ready()
      // Telling is compiled, too.
      await price(server, situation)
      await all[0]!.heard()
      const value = await price(server, situation)
      const heard = await all[0]!.heard()
      if (heard > 0 !== isTold) throw new Error(`${contender.name}, ${of}: ${heard} bytes were told`)
      figures.push({ name: `${of}\n${contender.name}`, unit: 'us', count, value, alone })
      if (value > MINUTE) break
    }
    return figures
  } finally {
    for (const clients of all) clients.end()
    await server.stop()
  }
}

export interface SideBySideOptions {
  readonly counts: readonly number[]
  readonly rounds: number
}

/** The figures of all contenders, named `situation\ncontender`. Rounds go through all of them in turns. */
export async function sideBySide({ counts, rounds }: SideBySideOptions): Promise<Figure[]> {
  const present = contenders.filter(({ name, needs }) => {
    const isThere = needs === undefined || hasPeer(needs)
    if (!isThere) console.log(`${name}: left out, ${needs} is not installed (RESTUARY_PEERS)`)
    return isThere
  })
  const figures: Figure[] = []
  for (let round = 0; round < rounds; round++)
    for (const situation of situations(counts.at(-1)!))
      for (const contender of present) {
        if (contender.lacks?.includes(situation.reading)) continue
        for (const figure of await run(contender, situation, counts)) {
          figures.push(figure)
          const { name, count, value, alone } = figure
          console.log(
            `${name.replace('\n', ': ')}, ${count}: ${(value - alone).toFixed(0)} us above ${alone.toFixed(0)}`,
          )
        }
      }
  return figures
}
