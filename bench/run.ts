// node bench/run.ts [--only=restuary,raw] [--ops=get,list,patch,post,mixed] [--rounds=5] [--seconds=1] [--sync=FULL]
import { mkdirSync, writeFileSync } from 'node:fs'
import { contendersOf, type Contender } from './contenders.ts'
import { drive, generator } from './load.ts'
import { cpuSeconds, describeMachine, residentBytes } from './machine.ts'
import { readOptions, type Op, type Options } from './options.ts'
import { printOp, summarise, type Round } from './report.ts'
import { start, type Running } from './server.ts'

const results = new URL('results/', import.meta.url)
mkdirSync(results, { recursive: true })
const options = readOptions(process.argv.slice(2))
const contenders = contendersOf(options)
const running = new Map<string, Running>()
try {
  for (const [name, contender] of contenders) running.set(name, await start(contender))
  const all = new Map<Op, Map<string, Round[]>>()
  for (const op of options.ops) {
    const rounds = await measure(op)
    all.set(op, rounds)
    printOp(op, rounds, options)
  }
  save(all)
} finally {
  await Promise.all([...running.values()].map(server => server.stop()))
}

/**
 * Measures all servers. They all run, but only one at a time gets requests, in turns, so that a disturbance of the machine
 * affects all of them.
 */
async function measure(op: Op): Promise<Map<string, Round[]>> {
  const rounds = new Map<string, Round[]>()
  for (const [name, contender] of contenders) {
    if (contender.ops !== undefined && !contender.ops.includes(op)) continue
    await one(name, contender, op)
    rounds.set(name, [])
  }
  for (let i = 0; i < options.rounds; i++) {
    for (const [name, done] of rounds) done.push(await one(name, contenders.get(name)!, op))
  }
  return rounds
}

async function one(name: string, { dialect }: Contender, op: Op): Promise<Round> {
  const { pid, port } = running.get(name)!
  const { connections, seconds, rows } = options
  const before = cpuSeconds(pid)
  const measured = await drive({ op, port, connections, seconds, rows, dialect })
  return { ...measured, cpu: ((cpuSeconds(pid) - before) / measured.requests) * 1e6 }
}

function save(all: ReadonlyMap<Op, ReadonlyMap<string, readonly Round[]>>): void {
  const file = new URL(`${options.out}.json`, results)
  const servers = [...running].map(([name, { pid }]) => [name, { rss: residentBytes(pid) }])
  const ops = [...all].map(([op, rounds]) => [
    op,
    Object.fromEntries([...rounds].map(([name, list]) => [name, { ...summarise(list), rounds: list }])),
  ])
  const record: { options: Options; [member: string]: unknown } = {
    at: new Date().toISOString(),
    machine: { ...describeMachine(), load: generator },
    options,
    servers: Object.fromEntries(servers),
    ops: Object.fromEntries(ops),
  }
  writeFileSync(file, `${JSON.stringify(record, null, 2)}\n`)
  console.log(`\nEvery round: bench/results/${options.out}.json`)
}
