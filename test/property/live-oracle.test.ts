// Random models, rules, queries and commits: after every step each subscriber must have what a GET by the same caller shows.
// More by command: EVENTS=50000 npm test -- test/property/live-oracle, from other programs on with SEED=5000000 beside it.
// A single program again: SEED=17 alone.
import { expect, test } from 'vitest'
import { programOf } from './live-oracle/program.ts'
import { noFigures, run } from './live-oracle/run.ts'
import { shrunk } from './live-oracle/shrink.ts'
import { kinds } from './live-oracle/stores.ts'
import { printFailure } from './live-oracle/print.ts'

const { EVENTS, SEED } = process.env
const isSingle = SEED !== undefined && EVENTS === undefined
const commits = isSingle ? 1 : Number(EVENTS ?? 2_000)
const first = Number(SEED ?? 1)

test.each(kinds.map((kind, i) => ({ kind, i })))(
  'over $kind, subscribers have what GET shows after every step of random programs',
  async ({ kind, i }) => {
    const figures = noFigures()
    // Each store has its own programs.
    for (let next = isSingle ? first : first + i * 1_000_000; figures.commits < commits / kinds.length; next++) {
      const program = await programOf(next)
      const difference = await run(program, kind, figures)
      if (difference) throw new Error(printFailure(await shrunk(program, kind, difference), kind))
    }
    if (EVENTS !== undefined) console.log(kind, figures)
    expect(figures.checks).toBeGreaterThan(figures.commits)
  },
  60_000 + commits * 100,
)
