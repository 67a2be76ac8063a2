// node bench/live.ts [--parts=ws,pace,rooms,feathers,memory] [--subscribers=1000] [--rounds=3] [--seconds=2] [--filters=100000]:
// what a change costs that many hear of, against servers that tell everyone in a loop; then memory of subscriptions and the
// cost of a write beside those it does not concern. feathers needs RESTUARY_PEERS (see README.md).
import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Audience } from './audience.ts'
import { drive, type Load } from './load.ts'
import { cpuSeconds, describeMachine, LOAD_CORE, pinned } from './machine.ts'
import { median } from './report.ts'
import { start, type Running } from './server.ts'

const { values } = parseArgs({
  options: {
    parts: { type: 'string', default: 'ws,pace,rooms,feathers,memory' },
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

/** A figure and its goal: a ratio that should be high, or a number that should be low. */
interface Line {
  readonly name: string
  readonly value: number
  readonly floor: number
  readonly goal: number
  readonly unit: string
  readonly isHigh: boolean
}

const high = (name: string, value: number, floor: number, goal: number): Line => ({
  name,
  value,
  floor,
  goal,
  unit: '×',
  isHigh: true,
})
const low = (name: string, value: number, floor: number, goal: number, unit: string): Line => ({
  name,
  value,
  floor,
  goal,
  unit,
  isHigh: false,
})

/** A server, how its clients connect, and what is written to it. */
interface Contender {
  readonly name: string
  readonly args: readonly string[]
  readonly speech: 'native' | 'socketio' | 'silent'
  readonly op: Load['op']
}

const own = (name: string, speech: Contender['speech'], way: string): Contender => ({
  name,
  args: [fileOf('servers/live.ts'), `--way=${way}`],
  speech,
  op: 'patch',
})
const native = own('restuary', 'native', 'subscriptions')
const socketio = own('restuary', 'socketio', 'subscriptions')
const naive = own('ws.send', 'native', 'ws')
const roomed = own('rooms', 'silent', 'rooms')
/** It keeps nothing: its writes are as cheap as they can be. */
const feathers: Contender | null = process.env['RESTUARY_PEERS']
  ? { name: 'feathers', args: [`${process.env['RESTUARY_PEERS']}/rt/feathers.mjs`], speech: 'silent', op: 'post' }
  : null

interface Round {
  /** Frames that reached subscribers, a second. */
  readonly deliveries: number
  readonly writes: number
  /** Microseconds of processor time of the server a delivery, its share of the write included. */
  readonly cpu: number
  readonly p50: number
  readonly p99: number
}

async function burst({ pid, port }: Running, audience: Audience, op: Load['op']): Promise<Round> {
  const before = cpuSeconds(pid)
  const told = audience.measure(0, seconds)
  const dialect = { base: '/todos', list: '', patch: 'PATCH' }
  const load = await drive({ op, port, connections: 50, seconds, rows: 400, dialect })
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

/** Seconds of ten writes each: the latency of the slowest is worth little if there are few. */
const LEAST = 5

/** Ten writes a second: with a thousand subscribers, 10,000 deliveries. */
async function trickle({ pid }: Running, audience: Audience, length: number): Promise<Round> {
  const before = cpuSeconds(pid)
  const told = await audience.measure(10, length)
  const cpu = ((cpuSeconds(pid) - before) / (told.all * subscribers)) * 1e6
  return { deliveries: (told.all / told.seconds) * subscribers, writes: 10, cpu, p50: told.p50, p99: told.p99 }
}

/** Runs rounds of several contenders in turns, so that a disturbance of the machine affects all of them. */
async function compare(kind: 'burst' | 'trickle', contenders: readonly Contender[]): Promise<readonly Round[][]> {
  const all: Round[][] = contenders.map(() => [])
  for (let i = 0; i < rounds; i++)
    for (const [n, { name, args, speech, op }] of contenders.entries()) {
      const command = (port: number, db: string): string[] => [
        process.execPath,
        ...args,
        `--port=${port}`,
        `--db=${db}`,
      ]
      const server = await start({ command })
      const audience = new Audience(server.port, speech, subscribers)
      try {
        await audience.line()
        // The first time is for the compiler.
        if (kind === 'trickle') await trickle(server, audience, 1)
        const round =
          kind === 'trickle'
            ? await trickle(server, audience, Math.max(seconds, LEAST))
            : await burst(server, audience, op)
        all[n]!.push(round)
        const { deliveries, writes, cpu, p50, p99 } = round
        console.log(
          `${kind} ${`${name} (${speech})`.padEnd(20)} ${Math.round(deliveries)} deliveries/s, ` +
            `${Math.round(writes)} writes/s, ${cpu.toFixed(2)} µs a delivery, p50 ${p50.toFixed(1)} p99 ${p99.toFixed(1)} ms`,
        )
      } finally {
        audience.end()
        await server.stop()
      }
    }
  return all
}

const ratio = ([ours, theirs]: readonly Round[][], pick: (round: Round) => number): number =>
  median(ours!.map(pick)) / median(theirs!.map(pick))

const parts: Readonly<Record<string, () => Promise<Line[]>>> = {
  ws: async () => {
    const all = await compare('burst', [native, naive])
    return [
      high(
        '50 writers: deliveries, × ws.send',
        ratio(all, r => r.deliveries),
        15,
        40,
      ),
      high(
        '50 writers: writes, × ws.send',
        ratio(all, r => r.writes),
        15,
        40,
      ),
    ]
  },
  pace: async () => {
    const all = await compare('trickle', [native, naive])
    return [
      high('10 writes/s: processor time, ws.send ×', 1 / ratio(all, r => r.cpu), 1, 1.17),
      low(
        '10 writes/s: p99, of ws.send',
        ratio(all, r => r.p99),
        1.3,
        1,
        '×',
      ),
    ]
  },
  rooms: async () => {
    const all = await compare('burst', [socketio, roomed])
    return [
      high(
        '50 writers, Socket.IO: deliveries, × rooms',
        ratio(all, r => r.deliveries),
        15,
        40,
      ),
      high(
        '50 writers, Socket.IO: writes, × rooms',
        ratio(all, r => r.writes),
        15,
        40,
      ),
    ]
  },
  feathers: async () => {
    if (!feathers) {
      console.log('feathers: left out, RESTUARY_PEERS is not set')
      return []
    }
    const all = await compare('burst', [socketio, feathers])
    return [
      high(
        '50 writers, Socket.IO: deliveries, × Feathers',
        ratio(all, r => r.deliveries),
        1.5,
        2,
      ),
    ]
  },
  memory: inside,
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
    low('heap of a subscription, of one query', same, 3_072, 1_024, ' B'),
    low('heap of a distinct filter', distinct, 1_126, 400, ' B'),
    low(`PATCH beside ${values.filters} foreign filters`, patch, 1.1, 1, '×'),
  ]
}

const lines: Line[] = []
for (const name of values.parts.split(',')) {
  const part = parts[name]
  if (!part) throw new Error(`--parts knows ${Object.keys(parts).join(', ')}, not ${name}`)
  lines.push(...(await part()))
}
for (const { name, value, floor, goal, unit, isHigh } of lines) {
  const reaches = (bound: number): boolean => (isHigh ? value >= bound : value <= bound)
  const verdict = reaches(goal) ? 'goal reached' : reaches(floor) ? 'floor reached' : 'BELOW THE FLOOR'
  console.log(`${name.padEnd(45)} ${value.toFixed(2)}${unit}  (floor ${floor}, goal ${goal})  ${verdict}`)
}
writeFileSync(
  `${results}live.json`,
  `${JSON.stringify({ at: new Date().toISOString(), machine: describeMachine(), options: values, lines }, null, 2)}\n`,
)
