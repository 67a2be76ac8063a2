// Random models, rules, queries and commits: after every step each subscriber must have what a GET by the same caller shows.
// More by command: EVENTS=50000 npm test -- test/property/live-oracle. A single program again: SEED=17.
import { expect, test } from 'vitest'
import { programOf } from './live-oracle/program.ts'
import { noFigures, run } from './live-oracle/run.ts'
import { shrunk } from './live-oracle/shrink.ts'
import { kinds } from './live-oracle/stores.ts'
import { printFailure } from './live-oracle/print.ts'

const commits = Number(process.env['EVENTS'] ?? 2_000)
const first = process.env['SEED'] === undefined ? null : Number(process.env['SEED'])

test.each(kinds.map((kind, i) => ({ kind, i })))(
  'over $kind, subscribers have what GET shows after every step of random programs',
  async ({ kind, i }) => {
    const figures = noFigures()
    // Each store has its own programs.
    for (
      let next = first ?? 1 + i * 1_000_000;
      figures.commits < (first === null ? commits / kinds.length : 1);
      next++
    ) {
      const program = await programOf(next)
      const difference = await run(program, kind, figures)
      if (difference) throw new Error(printFailure(await shrunk(program, kind, difference), kind))
    }
    if (process.env['EVENTS'] !== undefined) console.log(kind, figures)
    expect(figures.checks).toBeGreaterThan(figures.commits)
  },
  60_000 + commits * 100,
)
