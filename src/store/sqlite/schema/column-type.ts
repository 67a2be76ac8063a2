import * as types from '../../../schema/field-types/built-in.ts'
import type { ScalarType } from '../../../schema/scalar-type.ts'

/** What the values of a column look like, from a sample of its rows. */
export type Seen = 'integer' | 'real' | 'text' | 'blob' | 'date' | 'datetime'

// First match wins. What SQLite makes of a declared type is an affinity (https://sqlite.org/datatype3.html §3.1); the
// names that people write say more, so that these come first.
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
 * The type of a column by the name it was declared with; undefined if its values must be looked at (`sampledType`), as
 * with dates, which SQLite keeps as text, seconds or days, and with names that nobody knows.
 */
export function declaredType(declared: string): ScalarType | undefined {
  const name = declared.replace(/\(.*$/s, '').trim().toUpperCase()
  const found = DECLARED.find(([pattern]) => pattern.test(name))?.[1]
  return found === 'sample' ? undefined : found
}

/**
 * The narrowest type that prints every value seen as it is stored. A date or moment is one only if all are written in
 * the form that Restuary writes, since text in two forms would neither sort nor compare; else it is text as stored.
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

/** What one stored value looks like; null says nothing. */
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
