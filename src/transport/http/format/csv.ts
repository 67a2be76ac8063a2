import { stringify } from 'csv-stringify/sync'
import type { Sliced } from '../../../engine/slices.ts'

/** Characters that are written at once. */
const PART = 65_536

/**
 * Rows as CSV with a header line (RFC 4180). There is a column for each member that any row has, in the order of first
 * appearance. Lists and objects are JSON text, null is empty. Text that a spreadsheet would execute is prefixed with `'`.
 */
export function* writeCsv(value: unknown): Sliced<string> {
  const rows = Array.isArray(value) ? (value as readonly unknown[]) : [value]
  const columns = new Set<string>()
  const objects = rows.map(row => (isObject(row) ? row : { value: row }))
  for (const row of objects) for (const name of Object.keys(row)) columns.add(name)
  const names = [...columns]
  let text = ''
  let lines = [names.map(guarded)]
  let size = 0
  for (const row of objects) {
    const line = names.map(name => cellOf(Object.hasOwn(row, name) ? row[name] : null))
    lines.push(line)
    for (const cell of line) size += cell.length
    if (size < PART) continue
    text += textOf(lines)
    lines = []
    size = 0
    yield
  }
  return text + textOf(lines)
}

const textOf = (lines: readonly string[][]): string => stringify([...lines], { record_delimiter: 'windows' })

function cellOf(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return guarded(value)
    case 'number':
    case 'boolean':
      return String(value)
    default:
      return value === null || value === undefined ? '' : guarded(JSON.stringify(value))
  }
}

/** Neutralises text that spreadsheets take for a formula (OWASP: CSV injection). */
const guarded = (text: string): string => (FORMULA.test(text) ? `'${text}` : text)

/** Spreadsheets skip spaces and characters without width, and take full-width signs for plain ones. */
const FORMULA =
  /^(?:[\t\r\n]|[\s\p{Cc}\p{Cf}]*[=+\-@\u{ff1d}\u{ff0b}\u{ff0d}\u{ff20}\u{fe66}\u{fe62}\u{fe63}\u{fe6b}])/u

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
