import { brokenText } from '../read/broken-text.ts'
import { Refused } from '../read/refused.ts'
import type { ScalarType } from '../scalar-type.ts'
import { fitted, textType, type TextTypeOptions } from './text.ts'

/** Largest size in bytes. Hashing time grows with bytes, so a bound in characters is not enough. */
const BYTES = 1024

export function password(options: TextTypeOptions = {}): ScalarType {
  const bounded = { min: 8, max: 1024, ...options }
  return textType('password', bounded, {
    schema: { type: 'string', format: 'password', writeOnly: true },
    example: fitted('correct horse battery staple', bounded.min, bounded.max),
    format,
    input: 'password',
    secret: true,
  })
}

function format(text: string): Refused | null {
  if (text.length > BYTES / 4 && new TextEncoder().encode(text).length > BYTES)
    return new Refused('length', `must have at most ${BYTES} bytes`)
  return brokenText(text)
}
