import { brokenText, SHORT } from '../read/broken-text.ts'
import { Refused } from '../read/refused.ts'
import type { ScalarType } from '../scalar-type.ts'
import { textType, type TextTypeOptions } from './text.ts'

// The rule of <input type=email> (HTML, "valid e-mail address"). Its repetitions are bounded or separated by a dot, so it takes
// linear time.
const EMAIL =
  /^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$/
/** Matches most addresses in half the time. Up to the length `SHORT` it accepts nothing that the rule above would refuse. */
const USUAL_EMAIL = /^[a-zA-Z0-9._+-]+@(?:[a-zA-Z0-9]+\.)+[a-zA-Z0-9]+$/

export function email(options: TextTypeOptions = {}): ScalarType {
  return textType('email', options, {
    schema: { type: 'string', format: 'email' },
    example: 'ann@example.com',
    format,
    input: 'email',
  })
}

/** Checks an address. The rule accepts only ASCII, so an accepted text cannot be broken. */
function format(text: string): Refused | null {
  if ((text.length < SHORT && USUAL_EMAIL.test(text)) || EMAIL.test(text)) return null
  return brokenText(text) ?? new Refused('format', 'must be an email address')
}
