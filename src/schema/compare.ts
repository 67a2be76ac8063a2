import type { StoredValue } from './scalar-type.ts'
import type { Value } from './value.ts'

/**
 * Compares texts by code point, as databases compare UTF-8. JavaScript compares UTF-16 units, by which U+1F600 would come
 * before U+FF01.
 */
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

/** Moves surrogates, which stand for U+10000 and above, after U+E000…U+FFFF. */
const rank = (unit: number): number => (unit >= 0xe0_00 ? unit - 0x8_00 : unit + 0x20_00)

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
