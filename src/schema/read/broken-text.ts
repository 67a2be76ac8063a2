import { Refused } from './refused.ts'

/**
 * Why a text cannot be stored. SQLite would end it at U+0000, and PostgreSQL refuses that; half a surrogate pair cannot be
 * written in UTF-8. null = it is fine.
 */
export function brokenText(text: string): Refused | null {
  if (text.length <= SHORT && isPlain(text)) return null
  if (text.includes('\0')) return new Refused('format', 'must not contain U+0000')
  return text.isWellFormed() ? null : new Refused('format', 'must be valid Unicode')
}

/** Up to this length, looking at each code unit is faster than calling the built-in functions. */
export const SHORT = 64

function isPlain(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit === 0 || (unit & 0xf800) === 0xd800) return false
  }
  return true
}
