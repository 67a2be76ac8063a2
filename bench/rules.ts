// node bench/rules.ts [--parts=read,live] [--rounds=7] [--seconds=1] [--subscribers=1000]: what a rule costs, by the same server
// with it and without: reading a row and a list of which each caller sees his own and the public rows; telling a change to
// subscribers of ten callers, each of whom the rule makes a group of its own.
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Audience } from './audience.ts'
import { drive, type Load } from './load.ts'
import { cpuSeconds } from './machine.ts'
import { start, type Running } from './server.ts'

const { values } = parseArgs({
  options: {
    parts: { type: 'string', default: 'read,live' },
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '1' },
    subscribers: { type: 'string', default: '1000' },
  },
})
const [rounds, seconds, subscribers] = [Number(values.rounds), Number(values.seconds), Number(values.subscribers)]
const CALLERS = 10
const kinds = ['none', 'rows'] as const
type Kind = (typeof kinds)[number]
mkdirSync(new URL('results/', import.meta.url), { recursive: true })

const file = fileURLToPath(new URL('servers/rules.ts', import.meta.url))
const serverOf = (rules: Kind, ...more: readonly string[]): Promise<Running> =>
  start({
    command: (port, db) => [process.execPath, file, `--port=${port}`, `--db=${db}`, `--rules=${rules}`, ...more],
  })

/** Lowest microseconds of processor time of a server, of rounds in turns, so that a busy machine disturbs both alike. */
async function lowest(measure: (kind: Kind) => Promise<number>): Promise<Record<Kind, number>> {
  const least: Record<Kind, number> = { none: Infinity, rows: Infinity }
  for (let i = -1; i < rounds; i++)
    for (const kind of kinds) {
      const cpu = await measure(kind)
      // The first time is for the compiler.
      if (i >= 0) least[kind] = Math.min(least[kind], cpu)
    }
  return least
}

/** GET costs at most 10 % more, a list 15 %. */
const bounds: readonly (readonly [Load['op'], string, number])[] = [
  ['get', 'a row', 1.1],
  ['hot', 'a row that is read often', 1.1],
  ['list', 'a list of 25', 1.15],
]

async function read(): Promise<void> {
  const servers = { none: await serverOf('none', '--rows=10000'), rows: await serverOf('rows', '--rows=10000') }
  try {
    for (const [op, what, most] of bounds) {
      const least = await lowest(async kind => {
        const { pid, port } = servers[kind]
        const dialect = { base: '/todos', list: '?sort=title&limit=25', patch: 'PATCH' }
        const before = cpuSeconds(pid)
        const { requests, failed } = await drive({
          op,
          port,
          connections: 50,
          seconds,
          rows: 10_000,
          dialect,
          caller: '0',
        })
        if (failed > 0) throw new Error(`${failed} of ${requests} requests failed`)
        return ((cpuSeconds(pid) - before) / requests) * 1e6
      })
      print(what, least, least.rows / least.none, most, false)
    }
  } finally {
    await Promise.all(kinds.map(kind => servers[kind].stop()))
  }
}

/** With ten groups at least 0.8 times as many deliveries in the same processor time as with one. */
async function live(): Promise<void> {
  const least = await lowest(async kind => {
    const server = await serverOf(kind, '--shared=all')
    const audience = new Audience(server.port, 'native', subscribers, CALLERS)
    try {
      await audience.line()
      const before = cpuSeconds(server.pid)
      const told = audience.measure(0, seconds)
      const dialect = { base: '/todos', list: '', patch: 'PATCH' }
      await drive({ op: 'patch', port: server.port, connections: 50, seconds, rows: 400, dialect, caller: '0' })
      const { all, uneven } = await told
      if (uneven) throw new Error('subscribers of the same rows were not told the same')
      return ((cpuSeconds(server.pid) - before) / (all * subscribers)) * 1e6
    } finally {
      audience.end()
      await server.stop()
    }
  })
  print(`a change, told to each of ${subscribers} of ${CALLERS} callers`, least, least.none / least.rows, 0.8, true)
}

function print(
  what: string,
  { none, rows }: Record<Kind, number>,
  ratio: number,
  bound: number,
  isHigh: boolean,
): void {
  const verdict = (isHigh ? ratio >= bound : ratio <= bound) ? 'reached' : 'NOT REACHED'
  const asked = `${isHigh ? 'at least' : 'at most'} ${bound}`
  console.log(
    `${what.padEnd(50)} ${none.toFixed(2)} us without a rule, ${rows.toFixed(2)} us with: ${ratio.toFixed(3)} x, ${asked}: ${verdict}`,
  )
}

for (const part of values.parts.split(',')) await (part === 'live' ? live() : read())
