import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareText } from './compare.ts'

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
