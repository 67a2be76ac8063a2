import { Refused } from './refused.ts'

/** U+0000 ends a text early in SQLite and is refused by PostgreSQL; half a surrogate pair has no UTF-8. */
export function brokenText(text: string): Refused | null {
  if (text.length <= SHORT && isPlain(text)) return null
  if (text.includes('\0')) return new Refused('format', 'must not contain U+0000')
  return text.isWellFormed() ? null : new Refused('format', 'must be valid Unicode')
}

/** Code units up to which looking at each costs less than the calls that look at all. */
export const SHORT = 64

function isPlain(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit === 0 || (unit & 0xf800) === 0xd800) return false
  }
  return true
}
