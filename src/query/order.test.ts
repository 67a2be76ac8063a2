import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ScalarType, Value } from '../schema/field.ts'
import { compareDecimal, compareText, orderOf, sorted } from './order.ts'

const points = (text: string): number[] => Array.from(text, character => character.codePointAt(0)!)

describe('text', () => {
  test.each([
    ['', 'a'],
    ['a', 'aa'],
    ['B', 'a'],
    ['z', 'é'],
    ['\u{ffff}', '\u{10000}'],
    ['\u{ff01}', '\u{1f600}'],
    ['\u{e000}', '\u{10ffff}'],
    ['\u{d7ff}', '\u{e000}'],
    ['\u{1f600}', '\u{1f601}'],
    ['x\u{1f600}', 'x\u{1f600}a'],
  ])('%j is before %j', (a, b) => {
    expect(compareText(a, b)).toBeLessThan(0)
    expect(compareText(b, a)).toBeGreaterThan(0)
    expect(compareText(a, a)).toBe(0)
  })

  test('is ordered by code point', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', 'b', '\u{d7ff}', '\u{e000}', '\u{ffff}', '\u{10000}', '\u{10ffff}'),
    })
    fc.assert(
      fc.property(text, text, (a, b) => {
        const [x, y] = [points(a), points(b)]
        const i = x.findIndex((point, at) => point !== y[at])
        const expected = i < 0 ? x.length - y.length : x[i]! - (y[i] ?? -1)
        expect(Math.sign(compareText(a, b))).toBe(Math.sign(expected))
      }),
    )
  })
})

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

test.each<[ScalarType, Value, Value]>([
  [{ type: 'integer' }, 9, 10],
  [{ type: 'number' }, -0.5, 0],
  [{ type: 'id', of: 'integer' }, 9, 10],
  [{ type: 'id', of: 'text' }, '10', '9'],
  [{ type: 'bool' }, false, true],
  [{ type: 'decimal', digits: 6, places: 2 }, '9.50', '10.00'],
  [{ type: 'date' }, '2025-12-31', '2026-01-01'],
  [{ type: 'datetime' }, '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.500Z'],
  [{ type: 'datetime' }, '2026-01-01T00:00:00Z', '2026-01-01T00:00:00.5Z'],
  [{ type: 'enum', values: ['pro', 'free'] }, 'free', 'pro'],
])('%j: %j is before %j, and null after both either way', (type, low, high) => {
  const order = orderOf(type)
  expect(order(low, high)).toBeLessThan(0)
  expect(order(high, low)).toBeGreaterThan(0)
  expect([null, high, low, null].toSorted(sorted(order, false))).toEqual([low, high, null, null])
  expect([null, low, high, null].toSorted(sorted(order, true))).toEqual([high, low, null, null])
})
