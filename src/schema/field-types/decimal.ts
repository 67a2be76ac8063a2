import { compareText } from '../compare.ts'
import { defineType } from '../define-type.ts'
import { plainDigits } from '../read/plain-digits.ts'
import { Refused } from '../read/refused.ts'
import type { ScalarType, StoredValue, TypeFault } from '../scalar-type.ts'
import { shownAsStored } from '../read/shown-as-stored.ts'

export interface DecimalOptions {
  readonly digits: number
  readonly places: number
  readonly min?: string
  readonly max?: string
}

export function decimal(options: DecimalOptions): ScalarType {
  const { digits, places, min, max } = options
  return defineType({
    name: 'decimal',
    options,
    check: value => checkDecimal(options, value),
    compare: compareDecimal,
    shownOrder: 'decimal',
    sql: {
      // Scaled integers are exact and sort like the numbers. Beyond 2^53 they must come to JavaScript as text.
      column: 'INTEGER',
      kind: `decimal.${places}`,
      encode: value => scale(value, places),
      decode: stored => unscale(stored as string, places),
      read: 'text',
      foreign: { encode: value => value as StoredValue, decode: shownAsStored },
      postgres: { type: `numeric(18,${places})`, encode: value => value as StoredValue, decode: null },
    },
    schema: { type: 'string', pattern: patternOf(options) },
    bounds: [
      `${digits} digits, ${places} of them behind the point`,
      ...(min === undefined ? [] : [`at least ${min}`]),
      ...(max === undefined ? [] : [`at most ${max}`]),
    ].join(', '),
    example: exampleOf(options),
    print: 'quoted',
    input: 'number',
    unbounded: () => decimal({ digits, places }),
    faults: () => faultsOf(options),
  })
}

function checkDecimal({ digits, places, min, max }: DecimalOptions, value: unknown): string | Refused {
  const text = canonicalDecimal(value, digits, places)
  if (text instanceof Refused) return text
  if (min !== undefined && compareDecimal(text, min) < 0) return new Refused('range', `must be at least ${min}`)
  if (max !== undefined && compareDecimal(text, max) > 0) return new Refused('range', `must be at most ${max}`)
  return text
}

/** Digits before and after the point, without plus, leading zeros and exponent. */
const PLAIN = /^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?$/

/**
 * The canonical text of a decimal, with exactly `places` digits after the point. A value with more digits is refused, not
 * rounded.
 */
function canonicalDecimal(value: unknown, digits: number, places: number): string | Refused {
  if (typeof value !== 'string' && typeof value !== 'number') return new Refused('type', 'must be a decimal')
  const match = PLAIN.exec(typeof value === 'number' ? plainDigits(value) : value)
  if (!match) return new Refused('format', 'must be a decimal like "12.50"')
  const whole = match[2]!
  const fraction = (match[3] ?? '').replace(/0+$/, '')
  if (fraction.length > places) return new Refused('range', `must have at most ${places} decimal places`)
  if (whole !== '0' && whole.length > digits - places)
    return new Refused('range', `must have at most ${digits - places} digits before the point`)
  const text = places === 0 ? whole : `${whole}.${fraction.padEnd(places, '0')}`
  return match[1] && /[1-9]/.test(text) ? `-${text}` : text
}

/**
 * Compares two decimals in plain digits (`-12.50`, without plus and leading zeros) by value. They may have different numbers of
 * places.
 */
export function compareDecimal(a: string, b: string): number {
  if (a === b) return 0
  const below = a.startsWith('-')
  if (below !== b.startsWith('-')) return isZero(a) && isZero(b) ? 0 : below ? -1 : 1
  return below ? magnitude(b.slice(1), a.slice(1)) : magnitude(a, b)
}

function magnitude(a: string, b: string): number {
  const [x = '', fraction = ''] = a.split('.')
  const [y = '', other = ''] = b.split('.')
  if (x.length !== y.length) return x.length - y.length
  if (x !== y) return compareText(x, y)
  const places = Math.max(fraction.length, other.length)
  return compareText(fraction.padEnd(places, '0'), other.padEnd(places, '0'))
}

const isZero = (text: string): boolean => !/[1-9]/.test(text)

function scale(value: string, places: number): bigint {
  const [whole = '0', fraction = ''] = value.split('.')
  return BigInt(whole + fraction.padEnd(places, '0').slice(0, places))
}

function unscale(stored: string, places: number): string {
  if (places === 0) return stored
  const negative = stored.startsWith('-')
  const digits = (negative ? stored.slice(1) : stored).padStart(places + 1, '0')
  return `${negative ? '-' : ''}${digits.slice(0, -places)}.${digits.slice(-places)}`
}

function patternOf({ digits, places }: DecimalOptions): string {
  const whole = `(0|[1-9][0-9]{0,${Math.max(0, digits - places - 1)}})`
  return `^-?${whole}${places === 0 ? '' : `(\\.[0-9]{1,${places}})?`}$`
}

/** Zero if it is allowed, else the nearest bound. */
function exampleOf(options: DecimalOptions): string | undefined {
  const text = ['0', options.min, options.max]
    .filter(value => value !== undefined)
    .map(value => checkDecimal(options, value))
    .find(value => !(value instanceof Refused))
  return text as string | undefined
}

function faultsOf({ digits, places, min, max }: DecimalOptions): TypeFault[] {
  // SQLite stores a scaled decimal as a 64-bit integer.
  if (!(Number.isInteger(digits) && digits >= 1 && digits <= 18))
    return [{ problem: `has ${digits} digits`, fix: 'give 1 to 18' }]
  if (!(Number.isInteger(places) && places >= 0 && places <= digits))
    return [{ problem: `has ${places} places of ${digits} digits`, fix: `give 0 to ${digits}` }]
  const wrong = Object.entries({ min, max }).filter(
    ([, value]) => value !== undefined && canonicalDecimal(value, digits, places) instanceof Refused,
  )
  if (wrong.length > 0)
    return wrong.map(([word, value]) => ({
      problem: `has ${value} as its ${word}`,
      fix: `give a decimal of ${digits} digits, ${places} of them places`,
    }))
  if (min === undefined || max === undefined || compareDecimal(min, max) <= 0) return []
  return [{ problem: `has a min of ${min} above its max of ${max}`, fix: 'swap them' }]
}
