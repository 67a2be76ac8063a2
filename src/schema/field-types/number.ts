import { defineType } from '../define-type.ts'
import { Refused } from '../read/refused.ts'
import type { ScalarType, TypeFault } from '../scalar-type.ts'
import type { Value } from '../value.ts'
import { keyword, orderFaults } from './bounds.ts'

export interface NumberOptions {
  readonly min?: number
  readonly max?: number
}

/** No exponent, no plus, no zeros in front. */
const NUMBER = /^(?:0|-?[1-9][0-9]*|-?(?:0|[1-9][0-9]*)\.[0-9]+)$/

/** Whether a text is a number as people write it, or as JSON shows very large and very small ones: `1e+21`. */
function isNumberText(text: string): boolean {
  return NUMBER.test(text) || (text.includes('e') && String(Number(text)) === text)
}

export function number(options: NumberOptions = {}): ScalarType {
  const { min, max } = options
  return defineType({
    name: 'number',
    options,
    check: value => checkNumber(value, min, max),
    coercions: { text: value => (isNumberText(value as string) ? Number(value) : value) },
    sql: { column: 'REAL', kind: 'real', from: ['integer', 'bool'] },
    schema: { type: 'number', ...keyword('minimum', min), ...keyword('maximum', max) },
    example: clamped(1, options),
    print: 'raw',
    input: 'number',
    // 0 is left to the check, which turns -0 into 0.
    fits: v => `Number.isFinite(${v}) && ${v} !== 0${boundsOf(v, options)}`,
    unbounded: () => number(),
    faults: () => [...boundFaults(options, Number.isFinite, 'give a number'), ...orderFaults(min, max)],
  })
}

/** A finite number within its bounds. */
export function checkNumber(value: unknown, min: number | undefined, max: number | undefined): Value | Refused {
  if (typeof value !== 'number' || !Number.isFinite(value)) return new Refused('type', 'must be a number')
  if (min !== undefined && value < min) return new Refused('range', `must be at least ${min}`)
  if (max !== undefined && value > max) return new Refused('range', `must be at most ${max}`)
  // Some databases store -0 as 0, others as -0.
  return value === 0 ? 0 : value
}

export function boundsOf(v: string, { min, max }: NumberOptions): string {
  return (min === undefined ? '' : ` && ${v} >= ${min}`) + (max === undefined ? '' : ` && ${v} <= ${max}`)
}

export function clamped(value: number, { min, max }: NumberOptions): number {
  if (min !== undefined && value < min) return min
  return max !== undefined && value > max ? max : value
}

export function boundFaults(
  { min, max }: NumberOptions,
  isBound: (value: unknown) => boolean,
  fix: string,
): TypeFault[] {
  return Object.entries({ min, max })
    .filter(([, value]) => value !== undefined && !isBound(value))
    .map(([word, value]) => ({ problem: `has ${value} as its ${word}`, fix }))
}
