// node bench/nodes.ts [--parts=latency,writes,fanout,frozen,memory]: what several nodes over PostgreSQL and NATS do beside one,
// with floors and goals. Each part takes some seconds. On a busy machine only the lowest figures of several rounds say something.
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { connect } from '@nats-io/transport-node'
import { postgresFolder, startPostgres, stopPostgres } from '../src/testing/postgres/postgres-server.ts'
import { NatsServer } from '../test/fault/cluster.ts'
import { cpuSeconds, residentBytes } from './machine.ts'
import { median } from './report.ts'
import { start, type Running } from './server.ts'
import { frame, upgraded } from './websocket.ts'

const PARTS: Readonly<Record<string, () => Promise<void>>> = { latency, writes, fanout, frozen, memory }
const { values } = parseArgs({
  options: { parts: { type: 'string', default: Object.keys(PARTS).join() }, rounds: { type: 'string', default: '3' } },
})
const ROUNDS = Number(values.rounds)

mkdirSync(fileURLToPath(new URL('results/', import.meta.url)), { recursive: true })
const folder = postgresFolder()
const nodes: Running[] = []
let bus: NatsServer | null = null
try {
  const database = await startPostgres(folder, { shared_buffers: '256MB', max_wal_size: '4GB' })
  bus = await NatsServer.start()
  const script = fileURLToPath(new URL('servers/nodes.ts', import.meta.url))
  for (const rows of [1_000, 0]) {
    const args = [script, `--url=${database}`, `--nats=${bus.url}`, `--rows=${rows}`]
    nodes.push(
      await start({ command: port => [process.execPath, '--expose-gc', ...args, `--port=${port}`], pin: false }),
    )
  }
  for (const part of values.parts.split(',')) await PARTS[part]!()
} finally {
  await Promise.all(nodes.map(node => node.stop()))
  await bus?.stop()
  stopPostgres(folder)
}

/** Prints a figure. `isLess` = the smaller, the better. */
function tell(
  what: string,
  figure: number,
  limits: { floor: number; goal: number; isLess?: boolean },
  more: string,
): void {
  const { floor, goal, isLess = false } = limits
  const reaches = (limit: number): boolean => (isLess ? figure <= limit : figure >= limit)
  const verdict = reaches(goal) ? 'goal reached' : reaches(floor) ? 'above the floor' : 'BELOW THE FLOOR'
  console.log(`${what}: ${figure.toFixed(2)} (${more}); floor ${floor}, goal ${goal}: ${verdict}`)
}

/** From a commit on one node to the message of a subscriber on the other, beside a round trip of NATS. */
async function latency(): Promise<void> {
  const [one, other] = nodes as [Running, Running]
  const socket = await upgraded(other.port, '/live', { 'sec-websocket-protocol': 'restuary.1' })
  let heard = Promise.withResolvers<number>()
  socket.on('data', () => heard.resolve(Number(process.hrtime.bigint() / 1_000n)))
  socket.write(frame('{"id":1,"op":"subscribe","uri":"/todos/1"}'))
  await heard.promise
  await sleep(200)
  const nats = await connect({ servers: bus!.url })
  const trips: number[] = []
  const told: number[] = []
  for (let i = 0; i < 100 * ROUNDS; i++) {
    heard = Promise.withResolvers()
    const { at } = await one.ask<{ at: number }>({ patch: 1 })
    told.push((await heard.promise) - at)
    const begin = process.hrtime.bigint()
    await nats.request('bench.echo', 'x'.repeat(100), { timeout: 5_000 })
    trips.push(Number((process.hrtime.bigint() - begin) / 1_000n))
    await sleep(5)
  }
  await nats.close()
  socket.destroy()
  const [ours, theirs] = [median(told), median(trips)]
  const figures = `p50 ${(ours / 1_000).toFixed(2)} ms and ${(theirs / 1_000).toFixed(2)} ms`
  tell(
    'commit to subscriber on another node / round trip of NATS',
    ours / theirs,
    { floor: 3, goal: 1.3, isLess: true },
    figures,
  )
}

/** Commits a second by 64 writers on one node, and by 64 on each of two. */
async function writes(): Promise<void> {
  const [one, other] = nodes as [Running, Running]
  const question = { write: { clients: 64, milliseconds: 2_000 } }
  const alone: number[] = []
  const both: number[] = []
  for (let round = 0; round <= ROUNDS; round++) {
    const first = await one.ask<{ commits: number }>(question)
    const two = await Promise.all([one, other].map(node => node.ask<{ commits: number }>(question)))
    if (round === 0) continue // it warms up
    alone.push(first.commits / 2)
    both.push(two.reduce((sum, { commits }) => sum + commits, 0) / 2)
  }
  const [a, b] = [median(alone), median(both)]
  tell("two nodes' writes / one's", b / a, { floor: 1, goal: 1.5 }, `${b.toFixed(0)} and ${a.toFixed(0)} a second`)
}

/** Deliveries to 1,000 subscribers, on one node and shared by two: how many a processor second of each node is good for. */
async function fanout(): Promise<void> {
  const SUBSCRIBERS = 1_000
  const CHANGES = 100
  const deliver = async (counts: readonly number[]): Promise<number> => {
    const clients: ChildProcess[] = []
    for (const [i, count] of counts.entries()) clients.push(await subscribers(nodes[i]!.port, count))
    const used = (): number => counts.reduce((sum, _, i) => sum + cpuSeconds(nodes[i]!.pid), 0)
    const costs: number[] = []
    for (let round = 0; round < ROUNDS; round++) {
      const before = used()
      for (let i = 0; i < CHANGES; i++) {
        await nodes[0]!.ask({ patch: 1 + (i % 100) })
        await sleep(2)
      }
      await sleep(300)
      costs.push(((used() - before) / (CHANGES * SUBSCRIBERS)) * 1e6)
    }
    for (const one of clients) one.kill()
    await sleep(300)
    return Math.min(...costs)
  }
  const alone = await deliver([SUBSCRIBERS])
  const shared = await deliver([SUBSCRIBERS / 2, SUBSCRIBERS / 2])
  const figures = `${alone.toFixed(1)} us a delivery on one, ${shared.toFixed(1)} on two`
  tell('deliveries that two nodes are good for / one', (2 * alone) / shared, { floor: 1.8, goal: 2 }, figures)
}

async function subscribers(port: number, count: number, uri = '/todos'): Promise<ChildProcess> {
  const script = fileURLToPath(new URL('subscribers.ts', import.meta.url))
  const child = spawn(process.execPath, [script, `${port}`, `${count}`, 'native', '0', uri], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  await once(createInterface(child.stdout), 'line')
  return child
}

/** How long the writes of a node stand still when the other one, which writes too, is stopped in the middle of it. */
async function frozen(): Promise<void> {
  const [one, other] = nodes as [Running, Running]
  const pauses: number[] = []
  const usual: number[] = []
  for (let round = 0; round < 3 * ROUNDS; round++) {
    const beside = other.ask({ write: { clients: 16, milliseconds: 1_500 } })
    const quiet = await one.ask<{ pause: number }>({ write: { clients: 16, milliseconds: 700 } })
    usual.push(quiet.pause)
    const own = one.ask<{ pause: number; failed: number }>({ write: { clients: 16, milliseconds: 2_000 } })
    await sleep(200 + 13 * round)
    process.kill(other.pid, 'SIGSTOP')
    await sleep(1_200)
    process.kill(other.pid, 'SIGCONT')
    const { pause, failed } = await own
    if (failed > 0) console.log(`${failed} writes failed beside the frozen node`)
    pauses.push(pause)
    await beside
  }
  const worst = Math.max(...pauses) / 1_000
  const figures = `seconds; longest of ${pauses.length}, median ${(median(pauses) / 1_000).toFixed(2)}, without it ${(Math.max(...usual) / 1_000).toFixed(2)}`
  tell('a frozen node stalls the writes of others', worst, { floor: 0.5, goal: 0.05, isLess: true }, figures)
}

/** What a connection takes that has one subscription and hears nothing. */
async function memory(): Promise<void> {
  const CONNECTIONS = 8_000
  const node = nodes[1]!
  const resident = async (): Promise<number> => {
    for (let i = 0; i < 3; i++) await node.ask({ tidy: true }).then(() => sleep(300))
    return residentBytes(node.pid)
  }
  // The first ones stay: with them the process has grown to what it needs however many there are.
  const first = await subscribers(node.port, 4_000, '/todos/1')
  const before = await resident()
  const clients = await subscribers(node.port, CONNECTIONS, '/todos/1')
  const bytes = ((await resident()) - before) / CONNECTIONS / 1_024
  clients.kill()
  first.kill()
  const limits = { floor: 25, goal: 10, isLess: true }
  tell('memory of an idle connection with a subscription', bytes, limits, 'KB, resident')
}
