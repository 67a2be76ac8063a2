// node bench/depth.ts [--rounds=5] [--seconds=1]: a page of 25 rows with their related rows (depth=2), against one query a
// row by hand, one a row through a query builder, and a client that asks for the related rows of each row itself.
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { drive, type Dialect } from './load.ts'
import { cpuSeconds } from './machine.ts'
import { readOptions } from './options.ts'
import { start, type Running } from './server.ts'

const PAGE = 25
const { rounds, seconds, connections } = readOptions(process.argv.slice(2))
mkdirSync(new URL('results/', import.meta.url), { recursive: true })

const serverOf = (name: string, ...more: readonly string[]): Promise<Running> => {
  const file = fileURLToPath(new URL(`servers/${name}.ts`, import.meta.url))
  return start({ command: (port, db) => [process.execPath, file, `--port=${port}`, `--db=${db}`, ...more] })
}
const restuary = await serverOf('lists-restuary')
const uncached = await serverOf('lists-restuary', '--uncached')
const raw = await serverOf('lists-raw')
const builder = await serverOf('lists-builder')

const asked = (server: Running, target: string): { server: Running; dialect: Dialect } => ({
  server,
  dialect: { base: '', list: target, patch: 'PATCH' },
})
const questions = {
  deep: asked(restuary, `/lists?depth=2&limit=${PAGE}`),
  anew: asked(uncached, `/lists?depth=2&limit=${PAGE}`),
  flat: asked(restuary, `/lists?limit=${PAGE}`),
  related: asked(restuary, '/lists/7/todos'),
  raw: asked(raw, `/lists?limit=${PAGE}`),
  built: asked(builder, `/lists?limit=${PAGE}`),
}
type Name = keyof typeof questions
const names = Object.keys(questions) as Name[]
const lowest = new Map<Name, number>()
try {
  await checkAnswers()
  for (let i = -1; i < rounds; i++) {
    for (const name of names) {
      const cpu = await cpuOf(name)
      if (i >= 0) lowest.set(name, Math.min(cpu, lowest.get(name) ?? Infinity))
    }
  }
} finally {
  await Promise.all([restuary.stop(), uncached.stop(), raw.stop(), builder.stop()])
}

const [deep, anew, flat, related, byHand, built] = names.map(name => lowest.get(name)!) as [
  number,
  number,
  number,
  number,
  number,
  number,
]
const asking = flat + PAGE * related
console.log(`A page of ${PAGE} lists with their todos, lowest processor time of the server in ${rounds} rounds:`)
print('restuary, depth=2', deep)
print('restuary, depth=2, each time made anew', anew)
print('by hand, one prepared query a row', byHand)
print('by a query builder, one query a row', built)
print(`a request for the page and one a row`, asking)
for (const [what, cost] of [['depth=2', deep] as const, ['made anew it', anew] as const]) {
  const times = (other: number): string => `${(other / cost).toFixed(1)} x`
  console.log(
    `${what} is ${times(byHand)} by hand, ${times(built)} a query builder, ${times(asking)} one request a row`,
  )
}

function print(what: string, microseconds: number): void {
  console.log(`  ${what.padEnd(40)} ${microseconds.toFixed(0).padStart(6)} us`)
}

/** Microseconds of processor time a request. */
async function cpuOf(name: Name): Promise<number> {
  const { server, dialect } = questions[name]
  const before = cpuSeconds(server.pid)
  const { requests } = await drive({ op: 'list', port: server.port, connections, seconds, rows: 1, dialect })
  return ((cpuSeconds(server.pid) - before) / requests) * 1e6
}

/** Checks that the compared servers give the same answers. */
async function checkAnswers(): Promise<void> {
  const [ours, ...others] = await Promise.all(
    [questions.deep, questions.raw, questions.built].map(async ({ server, dialect }) => {
      const response = await fetch(`http://127.0.0.1:${server.port}${dialect.list}`)
      return JSON.stringify(await response.json())
    }),
  )
  for (const theirs of others)
    if (ours !== theirs) throw new Error(`the answers differ:\n${ours!.slice(0, 300)}\n${theirs.slice(0, 300)}`)
}
