import type { ColumnShape, DatabaseShape, TableShape } from '../../migrate/shape.ts'
import type { ColumnState, TableState } from '../../sql/tables/migrate.ts'
import type { PostgresConnection } from '../connection.ts'
import { identifier } from './identifier.ts'

const COLUMNS = `
  select c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull::int::text, a.atthasdef::int::text,
    (select f.relname || '.' || fa.attname from pg_constraint k join pg_class f on f.oid = k.confrelid
      join pg_attribute fa on fa.attrelid = k.confrelid and fa.attnum = k.confkey[1]
      where k.contype = 'f' and k.conrelid = c.oid and k.conkey = array[a.attnum] limit 1)
  from pg_class c join pg_attribute a on a.attrelid = c.oid
  where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
  order by c.relname, a.attnum`
const INDEXES = `
  select c.relname, i.relname, x.indisunique::int::text,
    (select json_agg(a.attname order by k.n) from unnest(x.indkey) with ordinality as k(num, n)
      join pg_attribute a on a.attrelid = c.oid and a.attnum = k.num)
  from pg_index x join pg_class c on c.oid = x.indrelid join pg_class i on i.oid = x.indexrelid
  where c.relnamespace = current_schema()::regnamespace`

interface FoundColumn extends ColumnState {
  readonly hasDefault: boolean
}

/** A table as it is. */
interface FoundTable extends TableState {
  readonly columns: ReadonlyMap<string, FoundColumn>
}

export type TableStates = ReadonlyMap<string, FoundTable>

/** All tables of the schema as they are. */
export async function statesOf(
  connection: PostgresConnection,
  kinds: Readonly<Record<string, string>>,
): Promise<TableStates> {
  const [columns, indexes] = await Promise.all(
    [COLUMNS, INDEXES].map(sql => connection.all({ name: undefined, sql, slots: null })),
  )
  const states = new Map<string, { columns: Map<string, FoundColumn>; indexes: Map<string, IndexState> }>()
  for (const [table, column, type, required, hasDefault, references] of columns as ColumnRow[]) {
    if (!states.has(table)) states.set(table, { columns: new Map(), indexes: new Map() })
    const kind = kinds[`${table}.${column}`] ?? null
    const state = { type, required: required === '1', hasDefault: hasDefault === '1', kind, references }
    states.get(table)!.columns.set(column, state)
  }
  for (const [table, name, unique, list] of indexes as [string, string, string, string | null][])
    states.get(table)?.indexes.set(name, { columns: JSON.parse(list ?? '[]') as string[], unique: unique === '1' })
  return states
}

type ColumnRow = [
  table: string,
  column: string,
  type: string,
  required: string,
  hasDefault: string,
  references: string | null,
]

type IndexState = { readonly columns: readonly string[]; readonly unique: boolean }

/** The shape of the tables that a model needs, as they are, to compare it with what is needed. */
export function neededShape(states: TableStates, needed: DatabaseShape): DatabaseShape {
  const found = Object.entries(needed).flatMap(([name, as]): [string, TableShape][] => {
    const state = states.get(name)
    return state === undefined ? [] : [[name, foundShape(state, as)]]
  })
  return Object.fromEntries(found)
}

function foundShape({ columns, indexes }: FoundTable, needed: TableShape): TableShape {
  const shown = [...columns].map(([name, { kind, required, hasDefault }]): [string, ColumnShape] => {
    const as = needed.columns[name]
    const base = { field: null, storage: as?.storage ?? 'TEXT', type: null, references: null } as const
    return [name, { ...base, kind: kind ?? as?.kind ?? 'text', required, ...(hasDefault && { default: '' }) }]
  })
  const made = Object.entries(needed.indexes).filter(([name]) => indexes.has(identifier(name)))
  return { ...needed, columns: Object.fromEntries(shown), indexes: Object.fromEntries(made) }
}
