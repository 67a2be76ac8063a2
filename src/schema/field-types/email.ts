import { brokenText, SHORT } from '../read/broken-text.ts'
import { Refused } from '../read/refused.ts'
import type { ScalarType } from '../scalar-type.ts'
import { textType, type TextOptions } from './text.ts'

// The rule of <input type=email> (HTML, "valid e-mail address"); its repetitions are bounded or cut apart by a dot.
const EMAIL =
  /^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$/
/** What most addresses are: within `SHORT` it takes nothing that the rule would refuse, in half the time. */
const USUAL_EMAIL = /^[a-zA-Z0-9._+-]+@(?:[a-zA-Z0-9]+\.)+[a-zA-Z0-9]+$/

export function email(options: TextOptions = {}): ScalarType {
  return textType('email', options, {
    schema: { type: 'string', format: 'email' },
    example: 'ann@example.com',
    format,
    input: 'email',
  })
}

/** What the rule lets through is ASCII, so that nothing of it is broken. */
function format(text: string): Refused | null {
  if ((text.length < SHORT && USUAL_EMAIL.test(text)) || EMAIL.test(text)) return null
  return brokenText(text) ?? new Refused('format', 'must be an email address')
}
