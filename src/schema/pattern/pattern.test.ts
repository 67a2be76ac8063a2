import { describe, expect, test } from 'vitest'
import { processorTime } from '../../testing/processor-time.ts'
import { patternFault } from './pattern.ts'

const exponential = [
  /^(a+)+$/,
  /(a+)+/,
  /^(a*)*$/,
  /^(a|a)*$/,
  /^(a|ab|b)*$/,
  /^(a|aa)+$/,
  /^(\w|\d)+$/,
  /^(.*)*x$/,
  /^([a-zA-Z]+)*$/,
  /^([a-z]+\s?)*$/i,
  /^(\s*x\s*)*$/,
  /^((a+)|b)*$/,
  /^(?:a?b?)*$/,
  /^(?:(?:a{1,3})+)$/,
  /^(a{1,200}){1,200}$/,
  /^(([a-z])+.)+[A-Z]([a-z])+$/,
  /^([\p{L}]+|é)*$/u,
  /^(k|\u212a)+$/iu,
  /^(?=(b+)+c)b/,
  /^(?:.|\n|[^])*$/,
  /^([à-ü]|[é-ÿ])*$/,
  /^([\u00e0-\u00fc]|\u00e9)*$/,
  /^(x+x+)+y$/,
  /^[\s\S]*?(?:,|[^"])*$/,
  /^(([0-9a-z]([-.\w]*[0-9a-z])*)@)+$/,
]
const polynomial: [RegExp, number, max: number][] = [
  [/^\d+\d+$/, 1, 4472],
  [/^\s*.*$/, 1, 4472],
  [/^\s*(.*?)\s*$/, 2, 271],
  [/^a*a*a*$/, 2, 271],
  [/^\S+@\S+\.\S+$/, 2, 271],
  [/^(.*a){9}$/, 8, 6],
  [/^.*foo.*$/, 1, 4472],
  [/\s+$/, 1, 4472],
  [/[a-z]+@/, 1, 4472],
  [/\d+\d+$/, 2, 271],
]
const linear = [
  /^[a-z]+$/,
  /^[a-z0-9]+(?:-[a-z0-9]+)*$/,
  /^(?:[a-z]+\.)+[a-z]{2,}$/,
  /^\d{4}-\d{2}-\d{2}$/,
  /^\+?[1-9]\d{1,14}$/,
  /^#(?:[0-9a-f]{3}|[0-9a-f]{6})$/i,
  /^(?:a|b|cd?)*$/,
  /^(?:[^"\\]|\\.)*$/,
  /^"(?:[^"\\]|\\.)*"$/,
  /^[^\s@]+@[^\s@.]+(?:\.[^\s@.]+)+$/,
  /^(?!.*\s)[\x21-\x7e]{8,64}$/,
  /^[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}$/,
  /^\p{Lu}\p{Ll}*(?: \p{Lu}\p{Ll}*)*$/u,
  /^(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}$/,
  /^[a-z]{1,63}(?:\.[a-z]{1,63}){0,10}$/,
  /^(?:(?:0|[1-9]\d*)\.){2}(?:0|[1-9]\d*)(?:-[\w.-]+)?(?:\+[\w.-]+)?$/,
  /^[[a-z]--[aeiou]]+$/v,
  /^(?<year>\d+)-(?<month>\d\d)$/,
  /foo|bar/,
  /\d+/,
  /^$/,
  /(?:)/,
  /^a{0}$/,
  /^x{,3}]$/,
  /^[\]^-]+$/,
]

test.each(exponential)('%s is refused at any useful length', pattern => {
  expect(patternFault(pattern, 100)?.problem).toMatch(/^which some texts fit in exponentially/)
})

test.each(polynomial)('%s has degree %i', (pattern, degree, max) => {
  expect(patternFault(pattern, max)).toBeNull()
  expect(patternFault(pattern, max + 1)?.problem).toBe(
    `whose time grows with the ${degree === 1 ? 'square' : `power ${degree + 1}`} of the length`,
  )
  expect(patternFault(pattern, max + 1)?.fix).toContain(`a max of ${max} or less`)
})

test.each(linear)('%s is taken at any length', pattern => expect(patternFault(pattern, 1e9)).toBeNull())

test('a pattern that cannot be checked is refused', () => {
  expect(patternFault(/^(["']).*\1$/, 10)?.problem).toContain('refers back')
  expect(patternFault(/^(?<q>["']).*\k<q>$/, 10)?.problem).toContain('refers back')
  expect(patternFault(new RegExp(`^(?:${'a'.repeat(1500)})$`), 10)?.problem).toContain('too long')
})

describe('measured', () => {
  // What is taken may not stall on texts that its loops suggest, at the greatest length that is taken. An exponential
  // pattern would take years here, so that the bound may be generous to a busy machine.
  const taken = [
    ...linear.map(p => [p, 10_000] as const),
    ...polynomial.map(([p, , max]) => [p, Math.min(max, 10_000)] as const),
  ]
  test.each(taken)('%s at %i characters', (pattern, max) => {
    for (const unit of ['a', '0', ' ', 'a ', 'a.', 'aA', '\\', 'é', '-', '@a']) {
      const text = unit.repeat(max / unit.length - 1) + '\n!'
      expect(processorTime(() => pattern.test(text))).toBeLessThan(1_000)
    }
  })
})
