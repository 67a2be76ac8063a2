import type { StoredValue } from '../scalar-type.ts'
import type { Value } from '../value.ts'

/** A value in a column of another program, as JSON can show it: integers beyond 2^53 as text, blobs as base64. */
export function shownAsStored(stored: StoredValue): Value {
  switch (typeof stored) {
    case 'bigint':
      return isSafe(stored) ? Number(stored) : String(stored)
    case 'number':
      return Number.isFinite(stored) ? stored : String(stored)
    case 'string':
      return stored
    default:
      return stored === null ? null : base64(stored)
  }
}

/** The same in a field of text. */
export function shownAsText(stored: StoredValue): Value {
  return typeof stored === 'number' || typeof stored === 'bigint' ? String(stored) : shownAsStored(stored)
}

const isSafe = (integer: bigint): boolean => integer >= -9007199254740991n && integer <= 9007199254740991n

export function base64({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64')
}
