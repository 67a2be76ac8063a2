import type { ScalarType } from '../../../schema/scalar-type.ts'
import * as types from '../../../schema/field-types/built-in.ts'
import type { ColumnDefault, ColumnInfo } from '../../sql/tables/catalog.ts'

/** A column as the catalog of PostgreSQL has it. */
export interface CatalogColumn {
  readonly table: string
  readonly name: string
  readonly type: string
  readonly element: string | null
  readonly isArray: boolean
  readonly modifier: number
  readonly labels: readonly string[] | null
  readonly required: boolean
  readonly default: string | null
  readonly isIdentity: boolean
  readonly isGenerated: boolean
}

/** What a column is in a declaration. */
export function columnOf(column: CatalogColumn, isKey: boolean): ColumnInfo {
  const { name, required, isGenerated } = column
  const type = typeOf(column, isKey)
  return {
    name,
    type,
    mixed: false,
    untyped: false,
    secret: /(?:password|passwd|passphrase|pwd)(?:_?(?:hash|digest|salt))?$/i.test(name),
    nullable: !required,
    generated: isGenerated,
    default: isKey || isGenerated ? null : defaultOf(column, type),
  }
}

/** The type of a field for a column. What has no type of ours is text, as PostgreSQL shows it. */
function typeOf({ type, element, isArray, modifier, labels }: CatalogColumn, isKey: boolean): ScalarType {
  if (labels !== null) return types.enum(labels)
  if (isArray && element !== null) return types.list(scalarOf(element, -1, false))
  return scalarOf(type, modifier, isKey)
}

function scalarOf(type: string, modifier: number, isKey: boolean): ScalarType {
  switch (type) {
    case 'smallint':
    case 'integer':
      return types.integer()
    case 'bigint':
      return isKey ? types.integer() : types.bigint()
    case 'real':
    case 'double precision':
      return types.number()
    case 'numeric':
      return decimalOf(modifier)
    case 'boolean':
      return types.bool()
    case 'date':
      return types.date()
    case 'timestamp with time zone':
    case 'timestamp without time zone':
      return types.datetime()
    case 'json':
    case 'jsonb':
      return types.json()
    case 'bytea':
      return types.bytes()
    case 'uuid':
      return isKey ? types.id('uuid') : types.text()
    case 'character':
    case 'character varying':
      return types.text(modifier > 4 ? { max: modifier - 4 } : {})
    default:
      return types.text()
  }
}

/** The modifier of `numeric(p, s)` is ((p << 16) | s) + 4. */
function decimalOf(modifier: number): ScalarType {
  const [digits, places] = [(modifier - 4) >> 16, (modifier - 4) & 0xffff]
  return modifier >= 4 && digits <= 18 && places <= digits ? types.decimal({ digits, places }) : types.number()
}

/** A constant, the moment at which a row is made, or what the database makes for it. */
function defaultOf({ default: given, isIdentity }: CatalogColumn, type: ScalarType): ColumnDefault | null {
  const sql = given ?? (isIdentity ? 'identity' : null)
  if (sql === null) return null
  const other: ColumnDefault = { sql, evaluate: () => null, isFilled: true }
  if (type.name === 'datetime' && /^(?:now\(\)|current_timestamp|localtimestamp|transaction_timestamp\(\))/i.test(sql))
    return { sql, evaluate: now => new Date(now).toISOString() }
  const text =
    /^'((?:[^']|'')*)'(?:::[\w\s."()[\]]+)?$/.exec(sql)?.[1]?.replaceAll("''", "'") ??
    /^\(?(-?[\d.]+|true|false)\)?(?:::[\w\s."()[\]]+)?$/.exec(sql)?.[1]
  if (text === undefined) return other
  // The empty array.
  const value = type.readText(type.list && text === '{}' ? '[]' : text)
  return typeof value === 'object' && value !== null && 'detail' in value ? other : { value }
}
