import type { ScalarType, Value } from '../schema/field.ts'

/** Orders two values, neither of them null: below, at or above zero. */
export type Order = (a: Value, b: Value) => number

/**
 * The order of a type's canonical values, the same on every store: text by code point (not by UTF-16 unit, where U+1F600
 * would come before U+FF01), decimals and moments by what they stand for, false before true.
 */
export function orderOf(type: ScalarType | null): Order {
  switch (type?.type) {
    case 'number':
    case 'integer':
    case 'bool':
      return byNumber
    case 'id':
      return type.of === 'integer' ? byNumber : byText
    case 'decimal':
      return byDecimal
    case 'datetime':
      return byMoment
    case 'json':
    case 'list':
      return byJson
    case 'text':
    case 'email':
    case 'url':
    case 'password':
    case 'date':
    case 'enum':
    case 'bytes':
    case undefined:
      return byText
  }
}

/** The same with nulls, which come last in both directions. */
export function sorted(order: Order, descending: boolean): Order {
  const sign = descending ? -1 : 1
  return (a, b) => {
    if (a === null) return b === null ? 0 : 1
    return b === null ? -1 : sign * order(a, b)
  }
}

/** By code point. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) return x < 0xd8_00 || y < 0xd8_00 ? x - y : rank(x) - rank(y)
  }
  return a.length - b.length
}

/** Moves surrogates, which stand for U+10000 and above, behind U+E000…U+FFFF. */
const rank = (unit: number): number => (unit >= 0xe0_00 ? unit - 0x8_00 : unit + 0x20_00)

const byNumber: Order = (a, b) => (a as number) - (b as number)
const byText: Order = (a, b) => compareText(a as string, b as string)
const byJson: Order = (a, b) => compareText(JSON.stringify(a), JSON.stringify(b))

// `…:00.5Z` is later than `…:00Z` although '.' is below 'Z': without the Z one is a prefix of the other.
const byMoment: Order = (a, b) => compareText((a as string).slice(0, -1), (b as string).slice(0, -1))

const byDecimal: Order = (a, b) => compareDecimal(a as string, b as string)

/** Two canonical decimals (`-12.50`; no plus, no leading zeros) by value, whatever their number of places. */
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

const isZero = (decimal: string): boolean => !/[1-9]/.test(decimal)
