/** Names of members whose values must not be logged. */
const SECRET = /pass(?:word|wd|phrase)?$|^pwd$|secret|token|authorization|cookie|api-?_?key|credential|private-?_?key/i

/** The replacement for a secret. */
const HIDDEN = '[redacted]'

/** Removes what looks like credentials from a text: bearer and basic tokens, JWTs, passwords in URLs. */
function redactText(text: string): string {
  return text
    .replaceAll(/\b(bearer|basic) +[\w.~+/-]+=*/gi, `$1 ${HIDDEN}`)
    .replaceAll(/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, HIDDEN)
    .replaceAll(/(\/\/[^\s:/@]*):[^\s@/]+@/g, `$1:${HIDDEN}@`)
}

/** Prepares a value for a log: members with secret names are hidden, texts are redacted, errors become their stack. */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value)
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Error) return redactText(value.stack ?? value.message)
  if (depth > 4) return '…'
  if (Array.isArray(value)) return value.slice(0, 100).map(one => redact(one, depth + 1))
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, SECRET.test(name) ? HIDDEN : redact(one, depth + 1)]),
  )
}
