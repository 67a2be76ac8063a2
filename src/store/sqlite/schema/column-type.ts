import * as types from '../../../schema/field-types/built-in.ts'
import type { ScalarType } from '../../../schema/scalar-type.ts'

/** What a stored value looks like. */
export type Seen = 'integer' | 'real' | 'text' | 'blob' | 'date' | 'datetime'

// The first match wins. SQLite derives an affinity from a declared type (https://sqlite.org/datatype3.html §3.1), but the names
// that people write say more, so they come first.
const DECLARED: readonly (readonly [pattern: RegExp, type: ScalarType | 'sample'])[] = [
  [/BOOL/, types.bool()],
  [/JSON/, types.json()],
  [/BLOB|BINARY|BYTEA|IMAGE/, types.bytes()],
  [/DATE|TIMESTAMP/, 'sample'],
  [/TIME|YEAR|INTERVAL|UUID|GUID|UNIQUEIDENTIFIER/, 'sample'],
  [/POINT|GEOM/, 'sample'],
  [/INT|SERIAL/, types.integer()],
  [/CHAR|CLOB|TEXT|STRING|ENUM|CITEXT/, types.text()],
  [/REAL|FLOA|DOUB|NUM|DEC|MONEY/, types.number()],
]

/**
 * The type of a column by its declared name. undefined if its values have to be inspected (`sampledType`): for dates, which
 * SQLite stores as text, seconds or days, and for unknown names.
 */
export function declaredType(declared: string): ScalarType | undefined {
  const name = declared.replace(/\(.*$/s, '').trim().toUpperCase()
  const found = DECLARED.find(([pattern]) => pattern.test(name))?.[1]
  return found === 'sample' ? undefined : found
}

/**
 * The narrowest type that can show every sampled value as it is stored. A column is a date or moment only if all values have
 * the form that Restuary writes, because text in two forms could neither be sorted nor compared. Otherwise it is text.
 */
export function sampledType(declared: string, seen: ReadonlySet<Seen>): ScalarType {
  if (seen.size === 0) {
    if (/DATETIME|TIMESTAMP/i.test(declared)) return types.datetime()
    return /^DATE\b/i.test(declared) ? types.date() : types.text()
  }
  const only = (...kinds: Seen[]): boolean => [...seen].every(kind => kinds.includes(kind))
  if (only('integer')) return types.integer()
  if (only('integer', 'real')) return types.number()
  if (only('blob')) return types.bytes()
  if (only('date')) return types.date()
  return only('datetime') ? types.datetime() : types.text()
}

/** What one stored value looks like; null for null, which says nothing. */
export function seenAs(value: unknown): Seen | null {
  switch (typeof value) {
    case 'bigint':
      return 'integer'
    case 'number':
      return Number.isInteger(value) ? 'integer' : 'real'
    case 'string':
      if (/^\d{4}-\d\d-\d\d$/.test(value)) return 'date'
      return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value) ? 'datetime' : 'text'
    case 'object':
      return value === null ? null : 'blob'
    default:
      return null
  }
}
