// Random models with rules: nothing that a caller may not learn shows in anything that it can ask, and nothing is written that
// rules forbid, from whatever side. More by command: LEARN=2000 npm test -- test/rules/learn.test.ts
import { expect, test } from 'vitest'
import { sqlite } from '../../src/index.ts'
import { learn, noFigures } from './learn/run.ts'

const models = Number(process.env['LEARN'] ?? 3)

test.each([
  ['memory', undefined],
  ['sqlite', () => sqlite(':memory:')],
] as const)(
  'callers learn and write what rules let them, over %s',
  async (_, store) => {
    const figures = noFigures()
    for (let seed = 1; seed <= models; seed++) expect(await learn(seed, 12, figures, store)).toBeNull()
    expect(figures.unseen).toBeGreaterThan(models)
    if (process.env['LEARN'] !== undefined) console.log(figures)
  },
  120_000 + models * 10_000,
)
