import type { Id } from '../../../schema/field.ts'
import type { ScalarType } from '../../../schema/scalar-type.ts'

/** Parses the id in a path segment; null if it is not one. Only the canonical spelling names a row (protocol §1.2). */
export function readId(type: ScalarType, text: string): Id | null {
  if (text === '') return null
  if (type.name === 'integer' || type.key === 'integer') return readInteger(text)
  const id = type.readText(text)
  if (typeof id === 'string') return id === text ? id : null
  return typeof id === 'number' && String(id) === text ? id : null
}

// Integer ids are parsed without a regular expression and without allocating.
function readInteger(text: string): number | null {
  const negative = text.charCodeAt(0) === 0x2d
  const start = negative ? 1 : 0
  const first = text.charCodeAt(start)
  if (text.length === start || text.length > 17 || (first === 0x30 && text !== '0')) return null
  for (let i = start; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 0x30
    if (!(digit >= 0 && digit <= 9)) return null
  }
  const value = Number(text)
  return Number.isSafeInteger(value) ? value : null
}
