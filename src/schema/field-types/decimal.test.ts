import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { compareDecimal } from './decimal.ts'

test('decimals are ordered by value', () => {
  const decimal = fc
    .tuple(fc.integer({ min: -99_999, max: 99_999 }), fc.integer({ min: 0, max: 3 }))
    .map(([n, places]) => ({ value: n / 10 ** places, text: (n / 10 ** places).toFixed(places) }))
  fc.assert(
    fc.property(decimal, decimal, (a, b) => {
      expect(Math.sign(compareDecimal(a.text, b.text))).toBe(Math.sign(a.value - b.value))
    }),
  )
  expect(compareDecimal('99999999999999998.1', '99999999999999998.2')).toBeLessThan(0)
  expect(compareDecimal('-0.00', '0')).toBe(0)
})
