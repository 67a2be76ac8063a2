// Random programs over every transport: clients that are cut off, are offline and write while the server is killed show in the
// end what GET answers, and at any time what it answers at the same position. `npm run programs` runs a thousand of them.
import { expect, test } from 'vitest'
import { faults } from '../fault/counts.ts'
import { hunt, planted } from './programs/planted.ts'
import { noFigures, runPrograms } from './programs/run.ts'

test('20 random programs end as GET answers, with each write done once', { timeout: 600_000 }, async () => {
  const figures = noFigures()
  expect(await runPrograms({ count: 20, seed: 1, figures })).toEqual([])
  expect(figures.programs).toBe(20)
  expect(Math.min(figures.cuts, figures.kills, figures.spells)).toBeGreaterThan(3)
})

test.each(Object.keys(planted).slice(0, Math.ceil(faults.planted / 2)))(
  'they find that %s',
  { timeout: 600_000 },
  async name => {
    expect(await hunt(name)).not.toBeNull()
  },
)
