// What the types of a declaration cost the compiler (scripts/type-budget.ts).
import { expect, test } from 'vitest'
import { budgets, measureTypes } from '../scripts/type-budget.ts'

test('200 resources keep to the budget, and the cost grows with their number, not its square', async () => {
  const quarter = await measureTypes(50)
  const whole = await measureTypes(200)
  expect(whole.instantiations).toBeLessThan(budgets.server)
  expect(whole.instantiations).toBeLessThan(4.4 * quarter.instantiations)
})

test('so does a client that uses a quarter of them', async () => {
  const quarter = await measureTypes(50, 'client')
  const whole = await measureTypes(200, 'client')
  expect(whole.instantiations).toBeLessThan(budgets.client)
  expect(whole.instantiations).toBeLessThan(4.4 * quarter.instantiations)
})
