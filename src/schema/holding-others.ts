import { byNumber, compareText } from './compare.ts'
import { Refused } from './read/refused.ts'
import type { ReadValue, ScalarType } from './scalar-type.ts'
import type { Value } from './value.ts'

/**
 * The type of a column of somebody else in which values of other types are, too. Writes are held to the type. Filters
 * take whatever a row may show, and the order is that of SQLite: numbers, then text.
 */
export function holdingOthers(type: ScalarType): ScalarType {
  let asked: ScalarType | null = null
  return Object.freeze({
    ...type,
    compare,
    fits: null,
    unbounded: () => (asked ??= askedFor(type.unbounded())),
    limited: limits => holdingOthers(type.limited(limits)),
  } satisfies ScalarType)
}

function askedFor(type: ScalarType): ScalarType {
  const orAsItIs =
    (read: ReadValue, other: (value: Value) => Value): ReadValue =>
    value => {
      const result = read(value)
      return result instanceof Refused && isShown(value) ? other(value) : result
    }
  // In a query a number is spelled as text.
  const numberOf = (value: Value): Value =>
    Number.isFinite(Number(value)) && String(Number(value)) === value ? Number(value) : value
  const readText = orAsItIs(type.readText, type.operators === 'text' ? value => value : numberOf)
  return Object.freeze({
    ...type,
    compare,
    check: orAsItIs(type.check, value => value),
    // Integers that no number holds are shown as text, and compared so.
    readText: (value: unknown) => (isLongInteger(value) ? value : readText(value)),
  })
}

const isLongInteger = (value: unknown): value is string =>
  typeof value === 'string' && /^-?[1-9]\d{15,18}$/.test(value) && !Number.isSafeInteger(Number(value))

function isShown(value: unknown): value is Value {
  return typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)
}

function compare(a: Value, b: Value): number {
  if (typeof a === 'string') return typeof b === 'string' ? compareText(a, b) : 1
  return typeof b === 'string' ? -1 : byNumber(a, b)
}
