import { NTH } from '../../../model/key-text.ts'
import type { Catalog, Reference, TableInfo } from '../../sql/tables/catalog.ts'
import { PostgresConnection, type PostgresAddress } from '../connection.ts'
import { columnOf, type CatalogColumn } from './column-info.ts'
import { quoted } from './identifier.ts'

const TABLES = `
  select json_build_object('oid', c.oid::text, 'schema', n.nspname, 'name', c.relname, 'kind', c.relkind,
    'isReachable', has_schema_privilege(n.oid, 'usage'), 'isReadable', has_table_privilege(c.oid, 'select'),
    'captured', exists (select 1 from pg_trigger t where t.tgrelid = c.oid and t.tgname = '_restuary_capture'),
    'own', exists (select 1 from pg_class h where h.relnamespace = c.relnamespace and h.relname = '_restuary_head')
      and exists (select 1 from pg_attribute a where a.attrelid = c.oid and a.attname = '_seq'))
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition and n.nspname <> 'information_schema'
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
  readonly own: boolean
  readonly captured: boolean
  readonly isReachable: boolean
  readonly isReadable: boolean
}

interface FoundConstraint {
  readonly table: string
  readonly kind: string
  readonly columns: readonly string[]
  readonly to?: string
  readonly toColumns?: readonly string[]
  readonly onDelete?: string
}

/** Reads the tables and views of a database, of all its schemas. */
export async function introspectPostgres(address: PostgresAddress): Promise<Catalog> {
  const connection = await PostgresConnection.open(address)
  const all = async <T>(sql: string, ...values: string[][]): Promise<T[]> =>
    (await connection.all({ name: undefined, sql, slots: null }, ...values)).map(
      ([text]) => JSON.parse(text as string) as T,
    )
  try {
    // Names in expressions are complete then, whatever the search path of the role.
    await connection.exec(`set search_path to ''`)
    const listed = await all<FoundTable>(TABLES)
    const found = listed.filter(table => refusalOf(table) === null)
    const oids = found.map(table => table.oid)
    const columns = await all<CatalogColumn>(COLUMNS, oids)
    const constraints = await all<FoundConstraint>(CONSTRAINTS, oids)
    const names = namesOf(listed)
    const readable = new Map(found.map(({ oid }) => [oid, names.get(oid)!]))
    const tables = found.map(table =>
      tableOf(
        table,
        columns.filter(one => one.table === table.oid),
        constraints.filter(one => one.table === table.oid),
        readable,
      ),
    )
    const keyed = await Promise.all(tables.map(async table => (table.key.length > 0 ? table : withKey(all, table))))
    return { tables: keyed.toSorted(byName), skipped: listed.flatMap(table => skippedOf(table, names)) }
  } finally {
    await connection.close()
  }
}

const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1)

/** Why the role cannot read a table; null if it can. */
function refusalOf({ schema, isReachable, isReadable }: FoundTable): string | null {
  if (!isReachable) return `the role has no USAGE on the schema ${schema}`
  return isReadable ? null : 'the role has no SELECT on it'
}

function skippedOf(table: FoundTable, names: ReadonlyMap<string, string>): Catalog['skipped'] {
  const why = refusalOf(table)
  return why === null ? [] : [{ name: names.get(table.oid)!, why }]
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
  table: FoundTable,
  columns: readonly CatalogColumn[],
  constraints: readonly FoundConstraint[],
  names: ReadonlyMap<string, string>,
): TableInfo {
  const name = names.get(table.oid)!
  const primary = constraints.find(({ kind }) => kind === 'p')?.columns ?? []
  const unique = sorted(constraints.filter(({ kind }) => kind === 'u').map(one => one.columns))
  const references = constraints.flatMap(({ kind, columns, to, toColumns = [], onDelete }): Reference[] => {
    const table = names.get(to ?? '')
    return kind === 'f' && table !== undefined ? [{ columns, table, to: toColumns, onDelete: deletion(onDelete) }] : []
  })
  const isKey = ({ name }: CatalogColumn): boolean => key.length === 1 && key[0] === name
  const key = keyOf(columns, primary, unique)
  return {
    name,
    kind: isTable(table) ? 'table' : 'view',
    columns: columns.map(column => columnOf(column, isKey(column))),
    key,
    // Without triggers, no record of the log tells what other programs write.
    ...(!table.captured && { derived: true }),
    ...(table.own && { own: true }),
    readOnly: readOnly(table, key),
    unique: unique.filter(columns => columns !== key),
    references: references.toSorted((a, b) => (a.columns.join() < b.columns.join() ? -1 : 1)),
    postgres: { schema: table.schema, name: table.name },
  }
}

/** Why its rows cannot be written; null if they can. */
function readOnly({ kind }: FoundTable, key: readonly string[]): string | null {
  if (kind === 'f') return 'it is in another database'
  if (kind !== 'r' && kind !== 'p') return 'it is a view'
  return key.length > 0 ? null : 'it has no primary key'
}

/** The columns that identify a row: the primary key, or unique ones that are never null. */
function keyOf(
  columns: readonly CatalogColumn[],
  primary: readonly string[],
  unique: readonly (readonly string[])[],
): readonly string[] {
  const isGiven = (name: string): boolean => columns.find(column => column.name === name)?.required ?? false
  return primary.length > 0 ? primary : (unique.find(columns => columns.every(isGiven)) ?? [])
}

/** How many rows of a view are looked at to find what identifies them. */
const ROWS = 1_000

/** The primary keys of one column that a view reads. */
const KEYS_IN_VIEW = `
  select to_json(a.attname) from pg_rewrite r
    join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid and d.refclassid = 'pg_class'::regclass
    join pg_index x on x.indrelid = d.refobjid and x.indisprimary and x.indnkeyatts = 1 and x.indkey[0] = d.refobjsubid
    join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
  where r.ev_class = ?::regclass`

/**
 * The table with a key in place of one that it does not have: a column that is named like a key and whose values are unique, the
 * key of a table that a view reads before others; otherwise all columns, and a number for equal rows.
 */
async function withKey(all: <T>(sql: string) => Promise<T[]>, table: TableInfo): Promise<TableInfo> {
  const { schema, name } = table.postgres!
  const place = `${quoted(schema)}.${quoted(name)}`
  const from = `(select * from ${place} limit ${ROWS}) as t`
  const keys = await all<string>(KEYS_IN_VIEW.replace('?', () => literal(place)))
  const rank = ({ name }: { name: string }): number => (keys.includes(name) ? 0 : 1_000) + name.length
  const named = table.columns.filter(({ name, type }) => /^id$|Id$|ID$|_id$/.test(name) && isId(type.name))
  for (const { name } of named.toSorted((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1))) {
    const [isUnique] = await all<boolean>(`select to_json(count(*) = count(distinct ${quoted(name)})) from ${from}`)
    if (isUnique === true) return { ...table, key: [name] }
  }
  return { ...table, key: [...table.columns.map(column => column.name), NTH] }
}

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

const isId = (type: string): boolean => ['integer', 'bigint', 'text'].includes(type)

const sorted = (keys: readonly (readonly string[])[]): (readonly string[])[] =>
  keys.toSorted((a, b) => (a.join() < b.join() ? -1 : 1))

const deletion = (code: string | undefined): Reference['onDelete'] =>
  code === 'c' ? 'cascade' : code === 'n' || code === 'd' ? 'null' : 'restrict'
