/** Names of members whose values no log should hold. */
const SECRET = /pass(?:word|wd|phrase)?$|^pwd$|secret|token|authorization|cookie|api-?_?key|credential|private-?_?key/i

/** What stands for a secret. */
const HIDDEN = '[redacted]'

/** A text without what looks like credentials: bearer and basic tokens, JWTs, passwords in URLs. */
function redactText(text: string): string {
  return text
    .replaceAll(/\b(bearer|basic) +[\w.~+/-]+=*/gi, `$1 ${HIDDEN}`)
    .replaceAll(/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, HIDDEN)
    .replaceAll(/(\/\/[^\s:/@]*):[^\s@/]+@/g, `$1:${HIDDEN}@`)
}

/** A value for a log: members that are secret by their name are hidden, texts are redacted, errors become their text. */
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
