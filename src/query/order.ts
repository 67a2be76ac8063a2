import { byText } from '../schema/compare.ts'
import type { ScalarType } from '../schema/scalar-type.ts'
import type { Value } from '../schema/value.ts'

/** Compares two values, neither of them null. Negative, zero or positive. */
export type Order = (a: Value, b: Value) => number

/** The order of a type's canonical values. It is the same in all stores. Values without a type are compared as texts. */
export function orderOf(type: ScalarType | null): Order {
  return type?.compare ?? byText
}

/** The same order with nulls, which come last in both directions. */
export function sorted(order: Order, descending: boolean): Order {
  const sign = descending ? -1 : 1
  return (a, b) => {
    if (a === null) return b === null ? 0 : 1
    return b === null ? -1 : sign * order(a, b)
  }
}
