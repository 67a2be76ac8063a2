/** A number in the digits in which it was written (https://tc39.es/proposal-json-parse-with-source/). */
interface RawNumber {
  readonly rawJSON: string
}
const json = JSON as unknown as {
  parse(text: string, revive: (key: string, value: unknown, context?: { source?: string }) => unknown): unknown
  rawJSON(text: string): RawNumber
  isRawJSON(value: unknown): value is RawNumber
}

/** JSON text with all its numbers as they were written, so that `JSON.stringify` writes them so again. Throws a SyntaxError. */
export function parseKept(text: string): unknown {
  return json.parse(text, (_, value, context) =>
    typeof value === 'number' && context?.source !== undefined && context.source !== String(value)
      ? json.rawJSON(context.source)
      : value,
  )
}

/** The value that stands for what `parseKept` gave: an integer that a number cannot hold exactly is text. */
export function shownOf(kept: unknown): unknown {
  if (typeof kept !== 'object' || kept === null) return kept
  if (json.isRawJSON(kept)) {
    const value = Number(kept.rawJSON)
    const isLong = /^-?[0-9]+$/.test(kept.rawJSON) && !Number.isSafeInteger(value)
    return isLong || !Number.isFinite(value) ? kept.rawJSON : value
  }
  if (Array.isArray(kept)) return kept.map(shownOf)
  return Object.fromEntries(Object.entries(kept).map(([name, value]) => [name, shownOf(value)]))
}

/** JSON text as a value that is exact. Throws a SyntaxError. */
export function parseExact(text: string): unknown {
  // Shorter numbers are exact.
  return /[0-9]{16}|[0-9][eE]/.test(text) ? shownOf(parseKept(text)) : (JSON.parse(text) as unknown)
}

/** A value that takes the place of what `parseKept` gave: numbers that are the same keep their digits. */
export function keepDigits(value: unknown, kept: unknown): unknown {
  if (typeof kept !== 'object' || kept === null) return value
  if (json.isRawJSON(kept)) return shownOf(kept) === value ? kept : value
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return Array.isArray(kept) ? value.map((item, i) => keepDigits(item, kept[i])) : value
  const former = kept as Readonly<Record<string, unknown>>
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [
      name,
      Object.hasOwn(former, name) ? keepDigits(one, former[name]) : one,
    ]),
  )
}
