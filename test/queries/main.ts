// Random queries, equal between SQLite, PostgreSQL and memory: `npm run queries -- [--count=10000] [--seed=1]`.
import { parseArgs } from 'node:util'
import { postgresFolder, startPostgres, stopPostgres } from '../../src/testing/postgres/postgres-server.ts'
import { compareStores } from './compare-stores.ts'

const { values } = parseArgs({
  options: { count: { type: 'string', default: '10000' }, seed: { type: 'string', default: String(Date.now() % 1e6) } },
})
const [count, seed] = [Number(values.count), Number(values.seed)]
console.log(`seed ${seed}`)
const folder = postgresFolder()
try {
  const told = (queries: number): void => void process.stderr.write(`${queries} queries\n`)
  const { queries, found, statuses, mismatches } = await compareStores(await startPostgres(folder), {
    count,
    seed,
    told,
  })
  for (const mismatch of mismatches) console.log(mismatch)
  const answered = Object.entries(statuses).map(([status, times]) => `${times} × ${status}`)
  console.log(`${queries} queries (${answered.join(', ')}; ${found} with rows), ${mismatches.length} mismatches`)
  process.exitCode = mismatches.length > 0 ? 1 : 0
} finally {
  stopPostgres(folder)
}
