import { parseExact } from '../../protocol/exact-json.ts'
import { shownAsStored, shownAsText } from '../../schema/read/shown-as-stored.ts'
import type { Column, ScalarType, StoredValue } from '../../schema/scalar-type.ts'
import type { Value } from '../../schema/value.ts'
import type { ColumnForm } from '../sql/dialect.ts'
import { sql, type Sql } from '../sql/kysely.ts'

// Columns of tables that other programs have made, in any type of PostgreSQL. Whatever has no type of ours is text, as
// PostgreSQL shows it and reads it.

const INTEGERS: ReadonlySet<string> = new Set(['smallint', 'integer', 'bigint'])
const TEXTS: ReadonlySet<string> = new Set(['text', 'character varying'])

const text = (column: Sql): Sql => sql`${column}::text`
/** The order of code points, whatever the collation of the column. */
export const binary = (column: Sql): Sql => sql`${column}::text collate "C"`

const asIt = (column: Sql): Sql => column

/** How a column is read and compared, by its type and that of its field. null = as it is. */
export function foreignForm({ name, sql: { kind }, key }: ScalarType, type: string | undefined): ColumnForm | null {
  const as = (shown: (column: Sql) => Sql, compared = shown, typed: string | null = null): ColumnForm => ({
    shown,
    compared,
    related: shown === text && !TEXTS.has(type ?? '') ? text : asIt,
    typed,
  })
  if (type === undefined) return null
  if (kind === 'list') return as(c => sql`to_jsonb(${c})`)
  if (kind === 'json') return as(text, c => sql`nullif(${c}::jsonb, 'null')`)
  if (key === 'uuid' && type === 'uuid') return null
  switch (name) {
    case 'number':
      // A number of 32 bits is shown with its own digits, and not with those of its neighbour of 64.
      if (type === 'real') return as(c => sql`${c}::text::double precision`)
      return type === 'numeric' ? as(c => sql`${c}::double precision`) : null
    case 'datetime':
      // JavaScript has milliseconds, and a row has to be found by what it shows.
      return as(
        type.endsWith('without time zone')
          ? c => sql`(date_trunc('milliseconds', ${c}) at time zone 'UTC')`
          : c => sql`date_trunc('milliseconds', ${c})`,
      )
  }
  if (INTEGERS.has(type)) return type === 'bigint' ? null : as(asIt, asIt, 'bigint')
  // The cast names the length of the prefix even where it is the whole address.
  if (type === 'inet')
    return as(
      c => sql`abbrev(${c})`,
      c => sql`abbrev(${c}) collate "C"`,
    )
  return ['boolean', 'date', 'bytea', 'double precision', 'numeric'].includes(type) && key !== 'text' && name !== 'text'
    ? null
    : as(text, binary)
}

/** Whether a column of a key has a value, which is given as text. It is found by the index of the key, where it can be. */
export function isPart(column: Sql, value: Sql, type = 'text'): Sql {
  if (INTEGERS.has(type)) return sql`${column} = ${value}::bigint`
  if (type === 'uuid') return sql`${column} = ${value}::uuid`
  if (type === 'bytea') return sql`${column} = ${value}::bytea`
  return TEXTS.has(type)
    ? sql`${column} = ${value}::text and ${binary(column)} = ${value}`
    : sql`${binary(column)} = ${value}`
}

/** Whether a part of a key can be the value of a column of its type. */
export function fitsPart(part: StoredValue, type = 'text'): boolean {
  if (INTEGERS.has(type)) return typeof part === 'string' && /^-?\d{1,18}$/.test(part)
  if (type === 'uuid') return typeof part === 'string' && /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(part)
  return part !== null
}

/** How values of a field are bound and read. Whatever a row holds is shown, and is never a fault. */
export function foreignColumn({ sql: column, operators }: ScalarType): Column {
  const { encode, decode } = { ...column, ...column.postgres, ...(column.column === 'TEXT' ? column.foreign : {}) }
  const isList = column.kind === 'list'
  return Object.freeze<Column>({
    ...column,
    encode: isList ? value => (value === null ? null : arrayText(value)) : encode,
    isPlain: false,
    decode: isList || column.kind === 'json' ? json : lenient(decode, operators === 'text'),
    select: 'plain',
  })
}

function json(stored: StoredValue): Value {
  try {
    return parseExact(stored as string) as Value
  } catch {
    return shownAsStored(stored)
  }
}

function lenient(decode: Column['decode'], isText: boolean): NonNullable<Column['decode']> {
  return stored => {
    try {
      return decode === null ? (isText ? shownAsText : shownAsStored)(stored) : decode(stored)
    } catch {
      return shownAsStored(stored)
    }
  }
}

/** An array as PostgreSQL reads it: `{1,NULL,"a \"b\""}`. */
function arrayText(value: Value): string {
  if (Array.isArray(value)) return `{${value.map(arrayText).join()}}`
  if (value === null) return 'NULL'
  const item = typeof value === 'object' ? JSON.stringify(value) : String(value)
  return typeof value === 'string' || typeof value === 'object' ? `"${item.replaceAll(/["\\]/g, '\\$&')}"` : item
}
