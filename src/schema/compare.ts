import type { StoredValue } from './scalar-type.ts'
import type { Value } from './value.ts'

/**
 * Compares texts by code point, as databases compare UTF-8. JavaScript compares UTF-16 units, by which U+1F600 would come
 * before U+FF01.
 */
export function compareText(a: string, b: string): number {
  if (a === b) return 0
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) if (a.charCodeAt(i) !== b.charCodeAt(i)) return a.codePointAt(i)! - b.codePointAt(i)!
  return a.length - b.length
}

export const byText = (a: Value, b: Value): number => compareText(a as string, b as string)
/** Compares numbers, and booleans with false before true. */
export const byNumber = (a: Value, b: Value): number => Number(a) - Number(b)

/** Compares two values of the same column as SQLite does. Neither is null. */
export function compareStored(a: StoredValue, b: StoredValue): number {
  if (typeof a === 'string') return compareText(a, b as string)
  if (a instanceof Uint8Array) return Buffer.compare(a, b as Uint8Array)
  const [x, y] = [a as number, b as number]
  return x < y ? -1 : x > y ? 1 : 0
}
