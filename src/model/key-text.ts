import type { StoredValue } from '../schema/scalar-type.ts'
import type { ForeignTable } from './declare/declaration.ts'

/**
 * The id of a row whose key has several columns, or one that is no id by itself: the parts in the order of the key, with
 * `~` between them. `%7E` stands for a `~` within a part, `%` alone for null, and `%x` begins a blob in hexadecimal. A single
 * part that no URL could have as a segment is encoded: `%2E` for `.`, and `%t` for the empty text.
 */
export function composeKey(parts: readonly StoredValue[]): string {
  const id = parts.map(partText).join('~')
  if (id === '') return '%t'
  return id === '.' || id === '..' ? id.replaceAll('.', '%2E') : id
}

function partText(part: StoredValue): string {
  if (part === null) return '%'
  if (typeof part === 'object') return `%x${Buffer.from(part).toString('hex')}`
  return String(part).replaceAll(
    /[%~\p{Cc}]/gu,
    sign => `%${sign.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`,
  )
}

/** The inverse: numbers are given as text, which the affinity of their columns reads; null if it is no such id. */
export function keyParts(id: string, columns: number): readonly StoredValue[] | null {
  const parts = id.split('~').map(partOf)
  return parts.length === columns && !parts.includes(undefined) ? (parts as StoredValue[]) : null
}

function partOf(text: string): StoredValue | undefined {
  if (text === '%') return null
  if (text === '%t') return ''
  if (text.startsWith('%x')) return Buffer.from(text.slice(2), 'hex')
  return /%(?![0-9A-F]{2})/.test(text)
    ? undefined
    : text.replaceAll(/%(..)/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
}

/** The id of its rows is made from the columns of the key, which fields of their own show. */
export function isComposed({ key, composed }: Pick<ForeignTable, 'key' | 'composed'>): boolean {
  return key.length > 1 || composed === true
}
