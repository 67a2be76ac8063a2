import type { ScalarType } from '../../../schema/scalar-type.ts'
import * as types from '../../../schema/field-types/built-in.ts'
import type { Catalog, ColumnDefault, ColumnInfo, Reference, TableInfo } from '../../sql/tables/catalog.ts'
import { PostgresConnection, type PostgresAddress } from '../connection.ts'

const TABLES = `
  select json_build_object('oid', c.oid::text, 'schema', n.nspname, 'name', c.relname, 'kind', c.relkind)
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'v', 'm') and not c.relispartition and n.nspname <> 'information_schema'
    and n.nspname !~ '^pg_' and c.relname !~ '^_restuary_'
    and not exists (select 1 from pg_depend d where d.objid = c.oid and d.deptype = 'e')
  order by n.nspname collate "C", c.relname collate "C"`

const COLUMNS = `
  select json_build_object('table', a.attrelid::text, 'name', a.attname, 'type', format_type(b.oid, null),
    'element', format_type(nullif(b.typelem, 0), null), 'isArray', b.typcategory = 'A',
    'modifier', case when t.typtype = 'd' then t.typtypmod else a.atttypmod end,
    'labels', (select json_agg(e.enumlabel order by e.enumsortorder) from pg_enum e where e.enumtypid = b.oid),
    'required', a.attnotnull or t.typnotnull, 'default', pg_get_expr(d.adbin, d.adrelid),
    'isIdentity', a.attidentity <> '', 'isGenerated', a.attgenerated <> '')
  from pg_attribute a join pg_type t on t.oid = a.atttypid
    join pg_type b on b.oid = case when t.typtype = 'd' then t.typbasetype else t.oid end
    left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  where a.attnum > 0 and not a.attisdropped and a.attrelid = any($1::oid[])
  order by a.attrelid, a.attnum`

const CONSTRAINTS = `
  select json_build_object('table', k.conrelid::text, 'kind', k.contype, 'onDelete', k.confdeltype, 'to', k.confrelid::text,
    'columns', (select json_agg(a.attname order by n) from unnest(k.conkey) with ordinality as u(num, n)
      join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.num),
    'toColumns', (select json_agg(a.attname order by n) from unnest(k.confkey) with ordinality as u(num, n)
      join pg_attribute a on a.attrelid = k.confrelid and a.attnum = u.num))
  from pg_constraint k where k.contype in ('p', 'u', 'f') and k.conrelid = any($1::oid[])
  union all
  select json_build_object('table', x.indrelid::text, 'kind', 'u',
    'columns', (select json_agg(a.attname order by n) from unnest(x.indkey) with ordinality as u(num, n)
      join pg_attribute a on a.attrelid = x.indrelid and a.attnum = u.num))
  from pg_index x where x.indisunique and not x.indisprimary and x.indpred is null and x.indexprs is null
    and x.indrelid = any($1::oid[]) and not exists (select 1 from pg_constraint k where k.conindid = x.indexrelid)`

interface FoundTable {
  readonly oid: string
  readonly schema: string
  readonly name: string
  readonly kind: string
}

interface FoundColumn {
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

interface FoundConstraint {
  readonly table: string
  readonly kind: string
  readonly columns: readonly string[]
  readonly to?: string
  readonly toColumns?: readonly string[]
  readonly onDelete?: string
}

/** Reads the tables of a database, of all its schemas. Views are left out. */
export async function introspectPostgres(address: PostgresAddress): Promise<Catalog> {
  const connection = await PostgresConnection.open(address)
  try {
    const all = async <T>(sql: string, ...values: string[][]): Promise<T[]> =>
      (await connection.all({ name: undefined, sql, slots: null }, ...values)).map(
        ([text]) => JSON.parse(text as string) as T,
      )
    const found = await all<FoundTable>(TABLES)
    const oids = found.map(table => table.oid)
    const columns = await all<FoundColumn>(COLUMNS, oids)
    const constraints = await all<FoundConstraint>(CONSTRAINTS, oids)
    const names = namesOf(found)
    const tables = found.filter(isTable).map(table =>
      tableOf(
        names.get(table.oid)!,
        columns.filter(one => one.table === table.oid),
        constraints.filter(one => one.table === table.oid),
        names,
      ),
    )
    const skipped = found.filter(one => !isTable(one)).map(one => ({ name: names.get(one.oid)!, why: 'it is a view' }))
    const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1)
    return { tables: tables.toSorted(byName), skipped: skipped.toSorted(byName) }
  } finally {
    await connection.close()
  }
}

const isTable = ({ kind }: FoundTable): boolean => kind === 'r' || kind === 'p'

/** The names of tables by their oids. Where several schemas have a table of a name, they are told apart by the schema. */
function namesOf(tables: readonly FoundTable[]): ReadonlyMap<string, string> {
  return new Map(
    tables.map(({ oid, schema, name }) => {
      const isShared = tables.some(other => other.name === name && other.schema !== schema)
      return [oid, isShared && schema !== 'public' ? `${schema}_${name}` : name]
    }),
  )
}

function tableOf(
  name: string,
  columns: readonly FoundColumn[],
  constraints: readonly FoundConstraint[],
  names: ReadonlyMap<string, string>,
): TableInfo {
  const primary = constraints.find(({ kind }) => kind === 'p')?.columns ?? []
  const unique = constraints.filter(({ kind }) => kind === 'u').map(one => one.columns)
  // Rows have one id. A key of several columns stays unique beside it.
  const isSingle = primary.length === 1
  const references = constraints.flatMap(({ kind, columns, to, toColumns = [], onDelete }): Reference[] => {
    const table = names.get(to ?? '')
    return kind === 'f' && table !== undefined ? [{ columns, table, to: toColumns, onDelete: deletion(onDelete) }] : []
  })
  return {
    name,
    kind: 'table',
    columns: columns.map(column => columnOf(column, isSingle && primary[0] === column.name)),
    key: isSingle ? primary : ['id'],
    readOnly: null,
    unique: sorted(primary.length > 1 ? [primary, ...unique] : unique),
    references: references.toSorted((a, b) => (a.columns.join() < b.columns.join() ? -1 : 1)),
  }
}

const sorted = (keys: readonly (readonly string[])[]): (readonly string[])[] =>
  keys.toSorted((a, b) => (a.join() < b.join() ? -1 : 1))

const deletion = (code: string | undefined): Reference['onDelete'] =>
  code === 'c' ? 'cascade' : code === 'n' || code === 'd' ? 'null' : 'restrict'

function columnOf(column: FoundColumn, isKey: boolean): ColumnInfo {
  const { name, required, isGenerated } = column
  const type = typeOf(column, isKey)
  return {
    name,
    type,
    mixed: false,
    untyped: false,
    secret: false,
    nullable: !required,
    generated: isGenerated,
    default: isKey || isGenerated || column.isIdentity ? null : defaultOf(column.default, type),
  }
}

/** The type of a field for a column. What has no type of ours is text, as PostgreSQL shows it. */
function typeOf({ type, element, isArray, modifier, labels }: FoundColumn, isKey: boolean): ScalarType {
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

/** A constant, or the moment at which a row is made. Other expressions are left to whoever reads the declaration. */
function defaultOf(sql: string | null, type: ScalarType): ColumnDefault | null {
  if (sql === null) return null
  if (type.name === 'datetime' && /^(?:now\(\)|current_timestamp|localtimestamp|transaction_timestamp\(\))/i.test(sql))
    return { sql, evaluate: now => new Date(now).toISOString() }
  const text =
    /^'((?:[^']|'')*)'(?:::[\w\s."()[\]]+)?$/.exec(sql)?.[1]?.replaceAll("''", "'") ??
    /^\(?(-?[\d.]+|true|false)\)?(?:::[\w\s."()[\]]+)?$/.exec(sql)?.[1]
  if (text === undefined) return null
  // The empty array.
  const value = type.readText(type.list && text === '{}' ? '[]' : text)
  return typeof value === 'object' && value !== null && 'detail' in value ? null : { value }
}
