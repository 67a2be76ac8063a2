// node bench/postgres.ts [--rounds=3] [--seconds=2] [--only='get by 1']: the PostgreSQL store over HTTP beside servers written by hand. Each has a
// database of its own on one server, which keeps its commits durable. On a busy machine look at the processor time of a request,
// of the server and the database together.
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Client } from 'pg'
import { postgresFolder, startPostgres, stopPostgres } from '../src/testing/postgres/postgres-server.ts'
import { drive, type Load } from './load.ts'
import { cpuSeconds } from './machine.ts'
import { median } from './report.ts'
import { start, type Running } from './server.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '2' },
    only: { type: 'string', default: '' },
  },
})
const ROWS = 10_000
const TODOS = { base: '/todos', list: '?sort=title&limit=25', patch: 'PATCH' }

/** What is measured, the server it is compared with, and how many times its rate ours should reach. */
const PARTS: readonly (Pick<Load, 'op' | 'connections'> & {
  readonly ours: string
  readonly theirs: string
  readonly floor: number
  readonly goal: number
})[] = [
  { op: 'patch', connections: 64, ours: 'restuary', theirs: 'log', floor: 5, goal: 15 },
  { op: 'post', connections: 64, ours: 'restuary', theirs: 'log', floor: 5, goal: 15 },
  { op: 'patch', connections: 1, ours: 'restuary', theirs: 'log', floor: 0.8, goal: 1 },
  { op: 'get', connections: 64, ours: 'restuary', theirs: 'fastify', floor: 1, goal: 4 },
  { op: 'get', connections: 64, ours: 'uncached', theirs: 'fastify', floor: 1, goal: 2 },
  { op: 'get', connections: 1, ours: 'uncached', theirs: 'fastify', floor: 0.85, goal: 1 },
]

const SERVERS: Readonly<Record<string, readonly string[]>> = {
  restuary: ['postgres-restuary.ts'],
  uncached: ['postgres-restuary.ts', '--uncached'],
  fastify: ['postgres-fastify.ts'],
  log: ['postgres-fastify.ts', '--log'],
}

const results = fileURLToPath(new URL('results/', import.meta.url))
mkdirSync(results, { recursive: true })
const folder = postgresFolder()
const running = new Map<string, Running>()
try {
  const url = await startPostgres(folder, { shared_buffers: '256MB', max_wal_size: '4GB' })
  const client = new Client(url)
  await client.connect()
  for (const [name, [file, ...more]] of Object.entries(SERVERS)) {
    await client.query(`create database ${name}`)
    const script = fileURLToPath(new URL(`servers/${file}`, import.meta.url))
    const own = url.replace('/postgres?', `/${name}?`)
    const command = (port: number): string[] => [
      process.execPath,
      script,
      `--port=${port}`,
      `--url=${own}`,
      `--rows=${ROWS}`,
      ...more,
    ]
    running.set(name, await start({ command }))
  }
  await client.end()
  for (const { op, connections, ours, theirs, floor, goal } of PARTS) {
    if (!`${op} by ${connections}`.startsWith(values.only)) continue
    const rates = new Map<string, number[]>([ours, theirs].map(name => [name, []]))
    const costs = new Map<string, number[]>([ours, theirs].map(name => [name, []]))
    for (let round = 0; round <= Number(values.rounds); round++)
      for (const [name, rate] of rates) {
        const { port, pid } = running.get(name)!
        const load: Load = { op, port, connections, seconds: Number(values.seconds), rows: ROWS, dialect: TODOS }
        const before = cpuSeconds(pid) + databaseSeconds()
        const { requests, seconds, failed } = await drive(load)
        if (failed > 0) console.log(`${name}: ${failed} requests failed, which is no fault only on a busy machine`)
        // The first round warms up.
        if (round === 0) continue
        rate.push(requests / seconds)
        costs.get(name)!.push(((cpuSeconds(pid) + databaseSeconds() - before) / requests) * 1e6)
      }
    const [one, other] = [ours, theirs].map(name => median(rates.get(name)!)) as [number, number]
    const reached = one / other
    const [cost, theirCost] = [ours, theirs].map(name => Math.min(...costs.get(name)!)) as [number, number]
    const byCpu = `by processor time ${(theirCost / cost).toFixed(2)} x (${cost.toFixed(0)} and ${theirCost.toFixed(0)} us a request)`
    const verdict = reached >= goal ? 'goal reached' : reached >= floor ? 'above the floor' : 'BELOW THE FLOOR'
    const figures = `${one.toFixed(0)} a second, ${theirs} ${other.toFixed(0)}`
    console.log(
      `${op} by ${connections}: ${ours} ${figures}: ${reached.toFixed(2)} x, ${byCpu}; floor ${floor}, goal ${goal}: ${verdict}`,
    )
  }
} finally {
  await Promise.all([...running.values()].map(server => server.stop()))
  stopPostgres(folder)
}

/** The processor time of all processes of the database server. */
function databaseSeconds(): number {
  const [postmaster] = readFileSync(`${folder}/data/postmaster.pid`, 'utf8').split('\n')
  let sum = 0
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      if (pid === postmaster || stat.slice(stat.lastIndexOf(')')).split(' ')[2] === postmaster)
        sum += cpuSeconds(Number(pid))
    } catch {
      // It has ended.
    }
  }
  return sum
}
