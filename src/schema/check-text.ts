import { defaultLimits } from '../protocol/limits.ts'
import type { TextType } from './field.ts'
import { Refused } from './refused.ts'

// The rule of <input type=email> (HTML, "valid e-mail address"); its repetitions are bounded or cut apart by a dot.
const EMAIL =
  /^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$/
/** What most addresses are: within `SHORT` it takes nothing that the rule would refuse, in half the time. */
const USUAL_EMAIL = /^[a-zA-Z0-9._+-]+@(?:[a-zA-Z0-9]+\.)+[a-zA-Z0-9]+$/
/** Longest text id, in code points: a part of URIs, logs and keys. */
const ID = 255
/** Longest password, in bytes. */
const PASSWORD = 1024

/**
 * Gives back text after its transforms, checked against its bounds, its kind and its pattern. Not normalised: NFC is for
 * folding only.
 */
export function textChecker(type: TextType): (value: unknown) => string | Refused {
  const { trim, case: letters, min = 0, max = defaultLimits.text, pattern, type: kind } = type
  return value => {
    if (typeof value !== 'string') return new Refused('type', 'must be text')
    let text = value
    if (trim) text = text.trim()
    if (letters) text = letters === 'lower' ? text.toLowerCase() : text.toUpperCase()
    if (!isBetween(text, min, max)) return lengthRefused(text, min, max)
    // Hashing takes its time by bytes, so that a bound in characters is none.
    if (kind === 'password' && text.length > 256 && new TextEncoder().encode(text).length > PASSWORD)
      return new Refused('length', `must have at most ${PASSWORD} bytes`)
    if (kind === 'email') {
      // What it lets through is ASCII.
      if (!isEmail(text)) return brokenText(text) ?? new Refused('format', 'must be an email address')
    } else {
      const broken = brokenText(text)
      if (broken) return broken
    }
    if (kind === 'url' && !isUrl(text)) return new Refused('format', 'must be an absolute http or https URL')
    if (pattern && !pattern.test(text)) return new Refused('format', `must match ${pattern}`)
    return text
  }
}

function isEmail(text: string): boolean {
  return (text.length < SHORT && USUAL_EMAIL.test(text)) || EMAIL.test(text)
}

/** An id that clients choose: what can stand in a path as one segment and comes back unchanged. */
export function checkTextId(value: unknown): string | Refused {
  if (typeof value !== 'string') return new Refused('type', 'must be a text id')
  if (!isBetween(value, 1, ID)) return lengthRefused(value, 1, ID)
  // Clients resolve the segments "." and ".." away before they ask (WHATWG URL), so that such a row could never be asked for.
  if (value === '.' || value === '..' || /\p{Cc}/u.test(value))
    return new Refused('format', 'must be an id that can be part of a path')
  return brokenText(value) ?? value
}

/** U+0000 ends a text early in SQLite and is refused by PostgreSQL; half a surrogate pair has no UTF-8. */
export function brokenText(text: string): Refused | null {
  if (text.length <= SHORT && isPlain(text)) return null
  if (text.includes('\0')) return new Refused('format', 'must not contain U+0000')
  return text.isWellFormed() ? null : new Refused('format', 'must be valid Unicode')
}

/** Code units up to which looking at each costs less than the calls that look at all. */
const SHORT = 64

function isPlain(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit === 0 || (unit & 0xf800) === 0xd800) return false
  }
  return true
}

/** Lengths count code points; most texts are decided by their code units alone. */
function isBetween(text: string, min: number, max: number): boolean {
  const units = text.length
  if (units < min || units > max * 2) return false
  if (units <= max && units >= min * 2) return true
  const points = countPoints(text)
  return points >= min && points <= max
}

function lengthRefused(text: string, min: number, max: number): Refused {
  const word = (n: number): string => `${n} character${n === 1 ? '' : 's'}`
  return new Refused(
    'length',
    text.length < min * 2 && countPoints(text) < min
      ? `must have at least ${word(min)}`
      : `must have at most ${word(max)}`,
  )
}

function countPoints(text: string): number {
  let points = text.length
  for (let i = 1; i < text.length; i++) {
    if ((text.charCodeAt(i) & 0xfc00) === 0xdc00 && (text.charCodeAt(i - 1) & 0xfc00) === 0xd800) points--
  }
  return points
}

/** The URL parser forgives spaces, line ends and backslashes; a stored link should not need it to. */
function isUrl(text: string): boolean {
  if (!/^https?:\/\/[^\s\\]+$/i.test(text) || /\p{Cc}/u.test(text)) return false
  return URL.canParse(text)
}
