// node bench/action.ts [--rounds=5] [--seconds=1]: an action with input and output schema against the same with Fastify.
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { drive } from './load.ts'
import { cpuSeconds } from './machine.ts'
import { ratio, summarise, type Round, type Summary } from './report.ts'
import { start, type Running } from './server.ts'
import type { Order } from './servers/order.ts'

/** Times Fastify's rate that the action in each notation has to reach. */
const FLOOR = 0.85

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, seconds: { type: 'string', default: '1' } },
})
const fileOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

const order: Order = {
  customer: 17,
  email: 'ann@example.com',
  note: 'Leave it at the door, please',
  express: true,
  price: 12.5,
  tags: ['gift', 'fragile'],
}

/** Notation of the schemas by server. */
const servers = { fastify: 'fastify', fields: 'restuary', text: 'restuary', zod: 'restuary' } as const

const running = new Map<string, Running>()
try {
  for (const [notation, server] of Object.entries(servers)) {
    const command = (port: number): string[] => [
      process.execPath,
      fileOf(`servers/action-${server}.ts`),
      String(port),
      notation,
    ]
    running.set(notation, await start({ command }))
  }
  const rounds = new Map<string, Round[]>(Object.keys(servers).map(name => [name, []]))
  // Code that has not been run often is not compiled yet.
  for (let i = 0; i < 3; i++) for (const name of rounds.keys()) await one(name)
  for (let i = 0; i < Number(values.rounds); i++) for (const [name, done] of rounds) done.push(await one(name))
  print(new Map([...rounds].map(([name, done]) => [name, summarise(done)])))
} finally {
  await Promise.all([...running.values()].map(server => server.stop()))
}

async function one(name: string): Promise<Round> {
  const { pid, port } = running.get(name)!
  const before = cpuSeconds(pid)
  const measured = await drive({
    op: 'send',
    body: order,
    port,
    connections: 50,
    seconds: Number(values.seconds),
    rows: 1,
    dialect: { base: '/order/check', list: '', patch: '' },
  })
  return { ...measured, cpu: ((cpuSeconds(pid) - before) / measured.requests) * 1e6 }
}

function print(all: ReadonlyMap<string, Summary>): void {
  const fastify = all.get('fastify')!
  console.log('\naction           CPU us lowest (median)   requests/s   times Fastify (floor 0.85)')
  for (const [name, summary] of all) {
    const times = ratio(summary, fastify)
    const verdict = name === 'fastify' ? '' : `${times.toFixed(2)} ${times >= FLOOR ? '' : 'BELOW THE FLOOR'}`
    const cpu = `${summary.cpu.toFixed(1)} (${summary.cpuMedian.toFixed(1)})`
    const failed = summary.failed > 0 ? `   ${summary.failed} FAILED` : ''
    console.log(
      `  ${name.padEnd(14)} ${cpu.padStart(22)} ${summary.rate.toFixed(0).padStart(12)}   ${verdict}${failed}`,
    )
  }
}
