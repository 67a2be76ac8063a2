import type {
  DatabaseShape,
  ColumnShape,
  IndexShape,
  ReferenceShape,
  TableShape,
  OtherTables,
} from '../../migrate/shape.ts'
import { columnTypeOf } from '../../migrate/type-data.ts'
import { INDEX_PREFIX } from '../../sql/tables/schema.ts'
import type { PostgresConnection } from '../connection.ts'
import { identifier } from '../schema/identifier.ts'

const COLUMNS = `
  select c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid)
  from pg_class c join pg_attribute a on a.attrelid = c.oid left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
  where c.relnamespace = (select current_schema()::regnamespace) and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
  order by c.relname, a.attnum`
const CONSTRAINTS = `
  select c.relname, k.conname, k.contype::text, f.relname, k.confdeltype = 'c',
    (select json_agg(a.attname order by n) from unnest(k.conkey) with ordinality as u(num, n)
      join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.num),
    (select a.attname from pg_attribute a where a.attrelid = k.confrelid and a.attnum = k.confkey[1])
  from pg_constraint k join pg_class c on c.oid = k.conrelid left join pg_class f on f.oid = k.confrelid
  where c.relnamespace = (select current_schema()::regnamespace) and k.contype in ('p', 'f')`
const INDEXES = `
  select c.relname, i.relname, x.indisunique, x.indisvalid,
    (select json_agg(a.attname order by k.n) from unnest(x.indkey) with ordinality as k(num, n)
      join pg_attribute a on a.attrelid = c.oid and a.attnum = k.num)
  from pg_index x join pg_class c on c.oid = x.indrelid join pg_class i on i.oid = x.indexrelid
  where c.relnamespace = (select current_schema()::regnamespace)`

/** A table as PostgreSQL has it. */
export interface FoundTable {
  readonly columns: Map<string, FoundColumn>
  readonly key: string[]
  /** The name of the constraint of the primary key. */
  keyName: string | null
  /** Foreign keys of one column, by it. */
  readonly references: Map<string, ReferenceShape & { readonly name: string }>
  readonly indexes: Map<string, IndexShape & { readonly isValid: boolean }>
}

export interface FoundColumn {
  readonly type: string
  readonly required: boolean
  readonly default: string | null
}

export type FoundTables = ReadonlyMap<string, FoundTable>

/** All tables of the schema as they are. */
export async function foundTables(connection: PostgresConnection): Promise<FoundTables> {
  const [columns, constraints, indexes] = await Promise.all(
    [COLUMNS, CONSTRAINTS, INDEXES].map(sql => connection.all({ name: undefined, sql, slots: null })),
  )
  const found = new Map<string, FoundTable>()
  for (const [table, column, type, required, preset] of columns as ColumnRow[]) {
    if (!found.has(table))
      found.set(table, { columns: new Map(), key: [], keyName: null, references: new Map(), indexes: new Map() })
    found.get(table)!.columns.set(column, { type, required: required === 1, default: preset })
  }
  for (const [table, name, kind, to, cascade, list, column] of constraints as ConstraintRow[]) {
    const one = found.get(table)
    const own = JSON.parse(list) as string[]
    if (one === undefined) continue
    if (kind === 'p') {
      one.keyName = name
      one.key.push(...own)
    } else if (own.length === 1 && to !== null && column !== null)
      one.references.set(own[0]!, { name, table: to, column, cascade: cascade === 1 })
  }
  for (const [table, name, unique, valid, list] of indexes as IndexRow[])
    found
      .get(table)
      ?.indexes.set(name, { columns: JSON.parse(list ?? '[]') as string[], unique: unique === 1, isValid: valid === 1 })
  return found
}

type ColumnRow = [table: string, column: string, type: string, required: number, preset: string | null]
type ConstraintRow = [
  table: string,
  name: string,
  kind: string,
  to: string | null,
  cascade: number | null,
  columns: string,
  toColumn: string | null,
]
type IndexRow = [table: string, name: string, unique: number, valid: number, columns: string | null]

/** The keys of `_restuary_meta` under which the shape and the kinds of columns are kept: PostgreSQL knows no fields of ours. */
const SHAPE = 'shape'
const KINDS = 'kinds'

/** What migrations put into tables beside their columns. Nobody else sees it. */
const isHidden = (name: string): boolean => name.startsWith('_restuary_')

/** What an application's own tables look like. Tables of other programs are left out. */
export function foundShape(found: FoundTables, meta: ReadonlyMap<string, string>): DatabaseShape {
  const known = JSON.parse(meta.get(SHAPE) ?? '{}') as DatabaseShape
  const kinds = JSON.parse(meta.get(KINDS) ?? '{}') as Readonly<Record<string, string>>
  const own = new Set([...Object.keys(known), ...Object.keys(kinds).map(path => path.replace(/\.[^.]*$/, ''))])
  return Object.fromEntries(
    [...found]
      .filter(([name]) => own.has(name) && !isHidden(name))
      .map(([name, table]) => [name, tableShape(name, table, known[name], kinds)]),
  )
}

/** Tables that are not in the shape of the schema, with their columns. */
export function otherTablesOf(found: FoundTables, shape: DatabaseShape): OtherTables {
  const others = [...found].filter(([name]) => shape[name] === undefined && !isHidden(name))
  return new Map(others.map(([name, { columns }]) => [name, new Set(columns.keys())]))
}

function tableShape(
  name: string,
  { columns, key, references, indexes }: FoundTable,
  known: TableShape | undefined,
  kinds: Readonly<Record<string, string>>,
): TableShape {
  const isJoin = !columns.has('_seq')
  const shown = [...columns].filter(([column]) => !isHidden(column))
  return {
    resource: known ? known.resource : isJoin ? null : name,
    key: [...key],
    columns: Object.fromEntries(
      shown.map(([column, { type, required, default: preset }]): [string, ColumnShape] => {
        const was = known?.columns[column]
        const kind = kinds[`${name}.${column}`] ?? was?.kind ?? type
        const { name: _, ...to } = references.get(column) ?? { name: '' }
        return [
          column,
          {
            field: was ? was.field : isJoin || column === '_seq' || column === '_at' ? null : column,
            storage: was?.storage ?? columnTypeOf({ type: null, storage: 'TEXT', kind }, new Map()).sql.column,
            kind,
            type: was?.kind === kind ? was.type : null,
            required,
            references: 'table' in to ? to : null,
            ...(preset !== null && { default: preset }),
          },
        ]
      }),
    ),
    indexes: Object.fromEntries(
      [...indexes]
        .filter(([index, { isValid }]) => index.startsWith(INDEX_PREFIX) && isValid)
        .map(([index, { columns, unique }]) => [wholeName(index, known), { columns, unique }]),
    ),
  }
}

/** PostgreSQL cuts long names, so the whole one is looked for in what is known of the table. */
const wholeName = (index: string, known: TableShape | undefined): string =>
  Object.keys(known?.indexes ?? {}).find(name => identifier(name) === index) ?? index

/** What is kept of a shape. The kinds of columns that are gone stay: they are needed if their tables return. */
export function shapeTexts(shape: DatabaseShape, meta: ReadonlyMap<string, string>): Record<string, string> {
  const kinds = JSON.parse(meta.get(KINDS) ?? '{}') as Record<string, string>
  for (const [table, { columns }] of Object.entries(shape))
    for (const [column, { kind }] of Object.entries(columns)) kinds[`${table}.${column}`] = kind
  return { [SHAPE]: JSON.stringify(shape), [KINDS]: JSON.stringify(kinds) }
}
