// How long writers wait beside a plan: node test/postgres/migrate/waits.ts --rows=1000000. It prints the slowest writes without a plan
// and beside one, and what the server says of the longest wait for a lock.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { postgresFolder, startPostgres, stopPostgres } from '../../../src/testing/postgres/postgres-server.ts'
import { appOf, fillTodos, stepsOf } from './changing-todos.ts'

const { values } = parseArgs({ options: { rows: { type: 'string', default: '1000000' } } })
const rows = Number(values.rows)
const folder = postgresFolder()
const settings = { log_lock_waits: 'on', deadlock_timeout: '20ms', max_wal_size: '4GB' }
const address = { url: await startPostgres(folder, settings), schema: 'waits' }
await fillTodos(address, rows)
let app = appOf(address, 'before')
await app.ready()

/** A new row, and the name of the field with its text. */
function rowOf(version: 'before' | 'after', n: number): { readonly text: string; readonly values: object } {
  const size = 1e9 + Math.floor(Math.random() * 1e12)
  return version === 'before'
    ? { text: 'title', values: { title: `made ${n}`, size: String(size), state: 'open' } }
    : { text: 'name', values: { name: `made ${n}`, size, rank: 1, state: 'done' } }
}

/** Writes one after the other until something ends. Returns the slowest writes, in milliseconds. */
async function writes(until: Promise<unknown>, version: 'before' | 'after' = 'before'): Promise<object> {
  const taken: number[] = []
  let refused = 0
  const ending = new AbortController()
  void until.then(() => ending.abort())
  for (let n = 0; !ending.signal.aborted; n++) {
    const begun = performance.now()
    try {
      const row = rowOf(version, n)
      if (n % 2 === 0) await app.patch('todo', 1 + Math.floor(Math.random() * rows), { [row.text]: `changed ${n}` })
      else await app.post('todo', row.values)
      taken.push(performance.now() - begun)
    } catch {
      refused++
      await sleep(10)
    }
  }
  const sorted = taken.toSorted((a, b) => b - a)
  const at = (part: number): number => Math.round(sorted[Math.floor(sorted.length * part)] ?? 0)
  return {
    writes: taken.length,
    refused,
    slowest: sorted.slice(0, 5).map(Math.round),
    p999: at(0.001),
    median: at(0.5),
  }
}

const lockWaits = (): number[] =>
  Array.from(
    readFileSync(join(folder, 'log'), 'utf8').matchAll(/acquired (?!AccessExclusiveLock)\w+ on .* after ([\d.]+) ms/g),
    match => Math.round(Number(match[1])),
  ).toSorted((a, b) => b - a)

try {
  console.log('alone', await writes(sleep(20_000)))
  const file = join(folder, 'plan.json')
  writeFileSync(file, JSON.stringify({ ...address, steps: await stepsOf(address) }))
  for (const way of ['up', 'down']) {
    if (way === 'down') {
      await app.close()
      app = appOf(address, 'after')
      await app.ready()
    }
    const before = lockWaits().length
    const begun = performance.now()
    const child = spawn(process.execPath, [join(import.meta.dirname, 'killed-program.ts'), way, file], {
      stdio: 'ignore',
    })
    console.log(
      way,
      await writes(once(child, 'close'), way === 'up' ? 'before' : 'after'),
      `${((performance.now() - begun) / 1_000).toFixed(1)} s`,
    )
    const all = lockWaits()
    console.log({ waitsForLocks: all.length - before, longest: all.slice(0, 5) })
  }
} finally {
  await app.close()
  stopPostgres(folder)
}
