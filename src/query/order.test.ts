import { expect, test } from 'vitest'
import * as types from '../schema/field-types/built-in.ts'
import type { Value } from '../schema/field.ts'
import type { ScalarType } from '../schema/scalar-type.ts'
import { orderOf, sorted } from './order.ts'

test.each<[ScalarType, Value, Value]>([
  [types.integer(), 9, 10],
  [types.number(), -0.5, 0],
  [types.id(), 9, 10],
  [types.id('text'), '10', '9'],
  [types.bool(), false, true],
  [types.decimal({ digits: 6, places: 2 }), '9.50', '10.00'],
  [types.date(), '2025-12-31', '2026-01-01'],
  [types.datetime(), '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.500Z'],
  [types.enum(['pro', 'free']), 'free', 'pro'],
])('$0.name: $1 is before $2, and null after both either way', (type, low, high) => {
  const order = orderOf(type)
  expect(order(low, high)).toBeLessThan(0)
  expect(order(high, low)).toBeGreaterThan(0)
  expect([null, high, low, null].toSorted(sorted(order, false))).toEqual([low, high, null, null])
  expect([null, low, high, null].toSorted(sorted(order, true))).toEqual([high, low, null, null])
})
