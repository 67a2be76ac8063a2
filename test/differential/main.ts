// Random queries and writes against SQL:
// `npm run differential -- [--queries=10000] [--writes=2000] [--seed=1] [--file=chinook.sqlite …]`.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { queriedFiles } from './files.ts'
import { compareFile } from './run.ts'

const { values } = parseArgs({
  options: {
    queries: { type: 'string', default: '10000' },
    writes: { type: 'string', default: '2000' },
    seed: { type: 'string', default: String(Date.now() % 1e6) },
    file: { type: 'string', multiple: true, default: [] },
  },
})
const seed = Number(values.seed)
console.log(`seed ${seed}`)
const directory = mkdtempSync(join(tmpdir(), 'restuary-differential-'))
const files = queriedFiles(values.file)
const shares = files.reduce((sum, { share }) => sum + share, 0)
const sums = { queries: 0, writes: 0, refused: 0, mismatches: 0 }
for (const [i, one] of files.entries()) {
  const part = (count: string): number => Math.ceil((Number(count) * one.share) / shares)
  const amount = { queries: part(values.queries), writes: part(values.writes), seed: seed + i }
  const { queries, writes, refused, mismatches } = await compareFile(one, join(directory, `${i}.db`), amount)
  sums.queries += queries
  sums.writes += writes
  sums.refused += refused
  sums.mismatches += mismatches.length
  for (const mismatch of mismatches) console.log(`${one.name} (seed ${amount.seed}): ${mismatch}`)
  process.stderr.write(`${one.name}: ${queries} queries, ${writes} writes, ${mismatches.length} mismatches\n`)
}
rmSync(directory, { recursive: true })
console.log(
  `${files.length} files, ${sums.queries} queries, ${sums.writes} writes, ${sums.refused} views refused as too slow to ask again, ${sums.mismatches} mismatches`,
)
process.exit(sums.mismatches > 0 ? 1 : 0)
