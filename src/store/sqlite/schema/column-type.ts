import * as types from '../../../schema/field-types/built-in.ts'
import type { ScalarType } from '../../../schema/scalar-type.ts'

/**
 * What a value looks like. `flag` is 0 or 1, `long` an integer beyond 2^53, `broken` text that is not UTF-8, `argon2id` a
 * password hash as Restuary makes it, and `hash` one of another kind.
 */
export type Seen =
  | 'null'
  | 'flag'
  | 'integer'
  | 'long'
  | 'real'
  | 'infinite'
  | 'text'
  | 'date'
  | 'datetime'
  | 'broken'
  | 'blob'
  | 'hash'
  | 'argon2id'

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
 * The type of a column, from its declared type and its values. `mixed` says that some values are of another type. Some declared
 * types say little: a DATE can be text, seconds or days. Then the values decide.
 */
export function columnType(
  declared: string,
  seen: ReadonlySet<Seen>,
): { readonly type: ScalarType; readonly mixed: boolean } {
  if (seen.has('argon2id') && [...seen].every(kind => kind === 'null' || kind === 'argon2id'))
    return { type: types.password(), mixed: false }
  const name = declared.replace(/\(.*$/s, '').trim().toUpperCase()
  const found = DECLARED.find(([pattern]) => pattern.test(name))?.[1] ?? 'sample'
  const type = found === 'sample' ? sampledType(declared, seen) : widened(found, seen)
  const fitting = FITTING[type.name]
  return { type, mixed: fitting !== undefined && [...seen].some(kind => kind !== 'null' && !fitting.includes(kind)) }
}

/** What values of a type look like. Types that are not listed can show any value, and are never compared. */
const FITTING: Readonly<Record<string, readonly Seen[]>> = {
  bool: ['flag'],
  integer: ['flag', 'integer'],
  bigint: ['flag', 'integer', 'long'],
  number: ['flag', 'integer', 'real'],
  text: ['text', 'date', 'datetime', 'hash', 'argon2id'],
  date: ['date'],
  datetime: ['datetime'],
}

/** The type of a numeric column, widened to what its values need. */
function widened(type: ScalarType, seen: ReadonlySet<Seen>): ScalarType {
  if (type.name !== 'integer' && type.name !== 'number') return type
  if (type.name === 'integer' && (seen.has('real') || seen.has('infinite'))) return types.number()
  return seen.has('long') && !seen.has('real') ? types.bigint() : type
}

/**
 * The narrowest type that can show every sampled value as it is stored. A column is a date or moment only if all values have
 * the form that Restuary writes, because text in two forms could neither be sorted nor compared. Otherwise it is text.
 */
function sampledType(declared: string, seen: ReadonlySet<Seen>): ScalarType {
  const only = (...kinds: Seen[]): boolean => [...seen].every(kind => kind === 'null' || kinds.includes(kind))
  if (only()) {
    if (/DATETIME|TIMESTAMP/i.test(declared)) return types.datetime()
    return /^DATE\b/i.test(declared) ? types.date() : types.text()
  }
  if (only('flag', 'integer')) return types.integer()
  if (only('flag', 'integer', 'long')) return types.bigint()
  if (only('flag', 'integer', 'real')) return types.number()
  if (only('blob')) return types.bytes()
  if (only('date')) return types.date()
  return only('datetime') ? types.datetime() : types.text()
}
