// node bench/live.ts [--subscribers=1000] [--rounds=3] [--seconds=2]: what a change costs that many hear of, against a
// server that calls ws.send in a loop; then memory of subscriptions and the cost of a write beside those it does not concern.
import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { drive } from './load.ts'
import { cpuSeconds, describeMachine, LOAD_CORE, pinned } from './machine.ts'
import { median } from './report.ts'
import { start, type Running } from './server.ts'

const { values } = parseArgs({
  options: {
    subscribers: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '2' },
    filters: { type: 'string', default: '100000' },
  },
})
const [subscribers, rounds, seconds] = [Number(values.subscribers), Number(values.rounds), Number(values.seconds)]
const fileOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const results = fileOf('results/')
mkdirSync(results, { recursive: true })

/** One figure against what is asked of it: a ratio that should be high, or a number that should be low. */
interface Line {
  readonly name: string
  readonly value: number
  readonly floor: number
  readonly goal: number
  readonly unit: string
  readonly isHigh: boolean
}

interface Told {
  readonly seconds: number
  readonly frames: number
  readonly all: number
  readonly uneven: boolean
  readonly p50: number
  readonly p99: number
}

/** Subscribers in a process of their own. */
class Audience {
  readonly #child
  readonly #lines: AsyncIterator<string>

  constructor(port: number) {
    const [file, ...args] = pinned(
      [process.execPath, fileOf('subscribers.ts'), String(port), String(subscribers)],
      LOAD_CORE,
    )
    this.#child = spawn(file!, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()
  }

  async line(): Promise<any> {
    return JSON.parse((await this.#lines.next()).value as string)
  }

  measure(writes: number): Promise<Told> {
    this.#child.stdin.write(`${JSON.stringify({ measure: seconds * 1_000, writes })}\n`)
    return this.line()
  }

  end(): void {
    this.#child.kill()
  }
}

interface Round {
  /** Frames that reached subscribers, a second. */
  readonly deliveries: number
  readonly writes: number
  /** Microseconds of processor time of the server a delivery, its share of the write included. */
  readonly cpu: number
  readonly p50: number
  readonly p99: number
}

async function burst({ pid, port }: Running, audience: Audience): Promise<Round> {
  const before = cpuSeconds(pid)
  const told = audience.measure(0)
  const dialect = { base: '/todos', list: '', patch: 'PATCH' }
  const load = await drive({ op: 'patch', port, connections: 50, seconds, rows: 400, dialect })
  const { frames, all, uneven, seconds: took } = await told
  if (uneven) throw new Error('subscribers of the same list were not told the same')
  const cpu = ((cpuSeconds(pid) - before) / (all * subscribers)) * 1e6
  return {
    deliveries: (frames / took) * subscribers,
    writes: load.requests / load.seconds,
    cpu,
    p50: load.p50,
    p99: load.p99,
  }
}

async function trickle({ pid }: Running, audience: Audience): Promise<Round> {
  const before = cpuSeconds(pid)
  const told = await audience.measure(10)
  const cpu = ((cpuSeconds(pid) - before) / (told.all * subscribers)) * 1e6
  return { deliveries: (told.all / told.seconds) * subscribers, writes: 10, cpu, p50: told.p50, p99: told.p99 }
}

async function fanOut(): Promise<Line[]> {
  const all = new Map<string, { burst: Round[]; trickle: Round[] }>()
  const command = (naive: boolean) => (port: number, db: string) => [
    process.execPath,
    fileOf('servers/live.ts'),
    `--port=${port}`,
    `--db=${db}`,
    ...(naive ? ['--naive'] : []),
  ]
  for (let i = 0; i < rounds; i++) {
    for (const name of ['restuary', 'ws.send']) {
      const server = await start({ command: command(name === 'ws.send') })
      const audience = new Audience(server.port)
      try {
        await audience.line()
        await trickle(server, audience)
        const done = all.get(name) ?? { burst: [], trickle: [] }
        done.trickle.push(await trickle(server, audience))
        done.burst.push(await burst(server, audience))
        all.set(name, done)
        const [slow, fast] = [done.trickle.at(-1)!, done.burst.at(-1)!]
        console.log(
          `${name.padEnd(9)} 10 writes/s: p50 ${slow.p50.toFixed(1)} p99 ${slow.p99.toFixed(1)} ms, ${slow.cpu.toFixed(2)} µs a delivery` +
            ` | 50 writers: ${Math.round(fast.deliveries)} deliveries/s, ${Math.round(fast.writes)} writes/s, ${fast.cpu.toFixed(2)} µs`,
        )
      } finally {
        audience.end()
        await server.stop()
      }
    }
  }
  const of = (name: string, kind: 'burst' | 'trickle', pick: (round: Round) => number): number =>
    median(all.get(name)![kind].map(pick))
  const ratio = (kind: 'burst' | 'trickle', pick: (round: Round) => number): number =>
    of('restuary', kind, pick) / of('ws.send', kind, pick)
  return [
    {
      name: '50 writers: deliveries, × ws.send',
      value: ratio('burst', r => r.deliveries),
      floor: 15,
      goal: 40,
      unit: '×',
      isHigh: true,
    },
    {
      name: '50 writers: writes, × ws.send',
      value: ratio('burst', r => r.writes),
      floor: 15,
      goal: 40,
      unit: '×',
      isHigh: true,
    },
    {
      name: '10 writes/s: processor time, ws.send ×',
      value: 1 / ratio('trickle', r => r.cpu),
      floor: 1,
      goal: 1.17,
      unit: '×',
      isHigh: true,
    },
    {
      name: '10 writes/s: p99, of ws.send',
      value: ratio('trickle', r => r.p99),
      floor: 1.3,
      goal: 1,
      unit: '×',
      isHigh: false,
    },
  ]
}

/** Memory and foreign filters are measured within one process, where heaps can be compared. */
async function inside(): Promise<Line[]> {
  const [file, ...args] = pinned([process.execPath, '--expose-gc', fileOf('live-memory.ts'), values.filters], LOAD_CORE)
  const child = spawn(file!, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  for await (const chunk of child.stdout) text += String(chunk)
  const { same, distinct, patch, exact } = JSON.parse(text)
  if (!exact) throw new Error('a change was told to others than those whom it concerns')
  return [
    { name: 'heap of a subscription, of one query', value: same, floor: 3_072, goal: 1_024, unit: ' B', isHigh: false },
    { name: 'heap of a distinct filter', value: distinct, floor: 1_126, goal: 400, unit: ' B', isHigh: false },
    {
      name: `PATCH beside ${values.filters} foreign filters`,
      value: patch,
      floor: 1.1,
      goal: 1,
      unit: '×',
      isHigh: false,
    },
  ]
}

const lines = [...(await fanOut()), ...(await inside())]
for (const { name, value, floor, goal, unit, isHigh } of lines) {
  const reaches = (bound: number): boolean => (isHigh ? value >= bound : value <= bound)
  const verdict = reaches(goal) ? 'goal reached' : reaches(floor) ? 'floor reached' : 'BELOW THE FLOOR'
  console.log(`${name.padEnd(45)} ${value.toFixed(2)}${unit}  (floor ${floor}, goal ${goal})  ${verdict}`)
}
writeFileSync(
  `${results}live.json`,
  `${JSON.stringify({ at: new Date().toISOString(), machine: describeMachine(), options: values, lines }, null, 2)}\n`,
)
