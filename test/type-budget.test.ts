// What the types of a declaration cost the compiler (scripts/type-budget.ts).
import { expect, test } from 'vitest'
import { budget, measureTypes } from '../scripts/type-budget.ts'

test('200 resources keep to the budget, and the cost grows with their number, not its square', async () => {
  const quarter = await measureTypes(50)
  const whole = await measureTypes(200)
  expect(whole.instantiations).toBeLessThan(budget)
  expect(whole.instantiations).toBeLessThan(4.4 * quarter.instantiations)
})
