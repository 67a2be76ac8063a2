import type { ColumnShape } from '../../migrate/shape.ts'
import type { CopyLinks } from '../../migrate/step.ts'
import type { CustomTypes } from '../../migrate/type-data.ts'
import { Refused } from '../../../schema/read/refused.ts'
import { identifier, quoted } from '../schema/identifier.ts'
import type { FoundTables } from './found-tables.ts'
import { laterName, reading } from './folded-rows.ts'
import {
  addReferenceSql,
  nativeIndexSql,
  nativeTableSql,
  encodedNative,
  nativeLiteral,
  nativeColumn,
} from './native-column.ts'
import {
  isOurIndex,
  isPassing,
  shadowName,
  type ChangedIndex,
  type ChangedTable,
  type Shadow,
  type TableChanges,
} from './table-changes.ts'

/** Makes the new columns beside the present ones. None of it makes a table anew (PostgreSQL 11 and later). */
export function addShadows({ actual, shadows }: ChangedTable, custom: CustomTypes): string[] {
  return shadows.flatMap(({ name, as, source, constant }) => {
    const native = nativeColumn(as, custom)
    const add = `alter table ${quoted(actual)} add column if not exists ${quoted(name)} ${native.declared}`
    if (source === null)
      return [
        constant === null
          ? add
          : `${add} default ${nativeLiteral(encodedNative(native, constant))}${as.required ? ' not null' : ''}`,
      ]
    if (!as.required) return [add]
    // Those who do not know the column write rows in the meantime. Theirs get some value, and the right one before it is seen.
    return [add, `alter table ${quoted(actual)} alter column ${quoted(name)} set default ${passing(native.type)}`]
  })
}

/** A value that hardly any other row has, by types: it may be unique. */
function passing(type: string): string {
  return PASSING[type.replace(/\(.*?\)/, '')]!
}

const ANY_NUMBER = '-(random() * 9e15)::bigint'
const PASSING: Readonly<Record<string, string>> = {
  bigint: ANY_NUMBER,
  'double precision': ANY_NUMBER,
  numeric: '(random() * 1e9)::numeric(18,0)',
  text: 'gen_random_uuid()::text',
  uuid: 'gen_random_uuid()',
  bytea: "decode(md5(random()::text), 'hex')",
  boolean: 'false',
  date: "date '2000-01-01' + (random() * 1e6)::int",
  'timestamp with time zone': 'to_timestamp(random() * 1e10)',
  jsonb: "'null'",
}

/** The name of an index until it takes its place. */
export const builtName = (table: ChangedTable, index: ChangedIndex): string =>
  index.from ?? shadowName(`index ${table.name} ${index.name}`)

/** The columns of the primary key as they are now. */
export function newKey({ shadows }: ChangedTable, key: readonly string[]): string[] {
  return key.map(column => shadows.find(shadow => shadow.column === column)?.name ?? column)
}

export const keyIndexName = ({ name }: ChangedTable): string => shadowName(`key ${name}`)

export const checkName = (table: ChangedTable, column: string): string => shadowName(`check ${table.name}.${column}`)

/** A column by the name that it has before everything takes its place. */
export function presentName({ shadows, renames }: ChangedTable, column: string): string {
  return (
    shadows.find(shadow => shadow.column === column)?.name ?? renames.find(([, to]) => to === column)?.[0] ?? column
  )
}

/** The statements by which everything takes its place. None of them goes through rows. */
export function swapSql(changes: TableChanges, found: FoundTables, custom: CustomTypes): string[] {
  const { changed, created, dropped, after } = changes
  return [
    ...changed.flatMap(table => dropReferences(table, changes, found)),
    ...dropped.flatMap(({ name, to }) => dropTable(name, to, found)),
    ...changed.flatMap(table => changeTable(table, changes, found)),
    ...renameTables(changed),
    ...created.flatMap(({ name, from }) =>
      from === null ? [nativeTableSql(name, after[name]!, custom)] : takeUp(name, from),
    ),
    ...changed.flatMap(table => newReferences(table, changes, found)),
    ...created.flatMap(({ name, from }) => newTableParts(name, from, changes, found)),
  ]
}

const alter = (table: string, what: string): string => `alter table ${quoted(table)} ${what}`

/** Foreign keys of columns that go, or that refer to something else now. */
function dropReferences(table: ChangedTable, changes: TableChanges, found: FoundTables): string[] {
  return [...found.get(table.actual)!.references]
    .filter(([column]) => !isKeptReference(table, column, changes))
    .map(([, { name }]) => alter(table.actual, `drop constraint ${quoted(name)}`))
}

function isKeptReference(table: ChangedTable, column: string, { shape, after }: TableChanges): boolean {
  if (table.gone.some(one => one.column === column)) return false
  const to = table.renames.find(([from]) => from === column)?.[1] ?? column
  return (
    (shape[table.actual]!.columns[column]?.references === null) ===
    (after[table.name]!.columns[to]?.references === null)
  )
}

function dropTable(name: string, to: string | null, found: FoundTables): string[] {
  if (to === null) return [`drop table ${quoted(name)}`]
  const { references, indexes, keyName } = found.get(name)!
  return [
    ...[...references.values()].map(one => alter(name, `drop constraint ${quoted(one.name)}`)),
    ...[...indexes.keys()]
      .filter(index => index !== keyName)
      .map((index, i) => `alter index ${quoted(index)} rename to ${quoted(`${to}_${i}`)}`),
    alter(name, `rename to ${quoted(to)}`),
  ]
}

function changeTable(table: ChangedTable, { after }: TableChanges, found: FoundTables): string[] {
  const { actual, name, shadows, renames, gone, indexes, required, isKeyed } = table
  const is = found.get(actual)!
  const wanted = after[name]!
  const staying = new Set<string | null>([...indexes.map(({ from }) => from), is.keyName, keyIndexName(table)])
  const surplus = [...is.indexes.keys()].filter(index => isOurIndex(index) && !staying.has(index))
  const moved = [...renames, ...shadows.map(({ name, column }): [string, string] => [name, column])]
  return [
    ...surplus.map(index => `drop index ${quoted(index)}`),
    ...(isKeyed && is.keyName !== null ? [alter(actual, `drop constraint ${quoted(is.keyName)}`)] : []),
    ...gone.flatMap(one => letGo(actual, one)),
    ...moved.map(([from], i) => alter(actual, `rename column ${quoted(from)} to ${quoted(`_restuary_${i}`)}`)),
    ...moved.map(([, to], i) => alter(actual, `rename column ${quoted(`_restuary_${i}`)} to ${quoted(to)}`)),
    ...required.flatMap(column => [
      alter(actual, `alter column ${quoted(column)} set not null`),
      alter(actual, `drop constraint if exists ${quoted(checkName(table, column))}`),
    ]),
    ...Object.entries(wanted.columns).flatMap(([column, as]) => relaxed(table, column, as, found)),
    ...shadows.flatMap(shadow => settled(actual, shadow, wanted.columns[shadow.column]!)),
    ...(isKeyed
      ? [alter(actual, `add constraint ${quoted(is.keyName!)} primary key using index ${quoted(keyIndexName(table))}`)]
      : []),
    ...indexes
      .map(index => [builtName(table, index), index.name] as const)
      .filter(([from, to]) => from !== to)
      .map(([from, to]) => `alter index ${quoted(from)} rename to ${quoted(to)}`),
  ]
}

/** A column that goes keeps its values under another name. Rows that come later have none there. */
function letGo(table: string, { column, to, marks }: ChangedTable['gone'][number]): string[] {
  if (to === null)
    return [
      alter(table, `drop column ${quoted(column)}`),
      ...(marks ? [alter(table, `drop column if exists ${quoted(laterName(column))}`)] : []),
    ]
  const kept = quoted(to)
  const later = quoted(laterName(to))
  return [
    alter(table, `rename column ${quoted(column)} to ${kept}`),
    alter(table, `alter column ${kept} drop not null, alter column ${kept} drop default`),
    ...(marks
      ? [alter(table, `add column ${later} boolean`), alter(table, `alter column ${later} set default true`)]
      : []),
  ]
}

function relaxed(table: ChangedTable, column: string, as: ColumnShape, found: FoundTables): string[] {
  if (as.required || table.shadows.some(shadow => shadow.column === column)) return []
  const is = found.get(table.actual)!.columns.get(presentName(table, column))
  return is?.required === true ? [alter(table.actual, `alter column ${quoted(column)} drop not null`)] : []
}

/** A new column has the default that stays. That of a constant is for those who do not know the column. */
function settled(table: string, { column, source, as, constant }: Shadow, wanted: ColumnShape): string[] {
  if (source === null && as.required && constant !== null) return []
  const preset = wanted.default === undefined ? 'drop default' : `set default ${wanted.default}`
  return [alter(table, `alter column ${quoted(column)} ${preset}`)]
}

function renameTables(changed: readonly ChangedTable[]): string[] {
  const moved = changed.filter(({ actual, name }) => actual !== name)
  return [
    ...moved.map(({ actual }, i) => alter(actual, `rename to ${quoted(`_restuary_${i}`)}`)),
    ...moved.map(({ name }, i) => alter(`_restuary_${i}`, `rename to ${quoted(name)}`)),
    ...moved.flatMap(({ actual, name }) => {
      const [from, to] = [actual, name].map(one => quoted(identifier(`_restuary_id_${one}`))) as [string, string]
      return [`drop sequence if exists ${to}`, `alter sequence if exists ${from} rename to ${to}`]
    }),
  ]
}

function newReferences(table: ChangedTable, changes: TableChanges, found: FoundTables): string[] {
  const { references } = found.get(table.actual)!
  return Object.entries(changes.after[table.name]!.columns).flatMap(([column, as]) => {
    const present = presentName(table, column)
    const stays = references.has(present) && isKeptReference(table, present, changes)
    return as.references === null || stays ? [] : [addReferenceSql(table.name, column, as.references)]
  })
}

const takeUp = (name: string, from: string): string[] => [alter(from, `rename to ${quoted(name)}`)]

/** A table that returns has no links to rows that are gone. */
function newTableParts(name: string, from: string | null, { after }: TableChanges, found: FoundTables): string[] {
  const { columns, indexes } = after[name]!
  const referring = Object.entries(columns).flatMap(([column, { references, required }]) =>
    references === null ? [] : [{ column, references, required }],
  )
  const there = from === null ? [] : [...found.get(from)!.indexes]
  return [
    ...(from === null ? [] : referring).map(({ column, references: { table, column: key }, required }) => {
      const lost = `${quoted(column)} is not null and not exists (select 1 from ${quoted(table)} r where r.${quoted(key)} = ${quoted(name)}.${quoted(column)})`
      return required
        ? `delete from ${quoted(name)} where ${lost}`
        : `update ${quoted(name)} set ${quoted(column)} = null where ${lost}`
    }),
    CHECKED,
    ...Object.entries(indexes).map(([index, as]) => {
      const kept = there.find(([, one]) => one.unique === as.unique && one.columns.join('\n') === as.columns.join('\n'))
      return kept === undefined
        ? nativeIndexSql(name, index, as)
        : `alter index ${quoted(kept[0])} rename to ${quoted(identifier(index))}`
    }),
    ...referring.map(({ column, references }) => addReferenceSql(name, column, references)),
  ]
}

/** A table cannot be changed while foreign keys of its rows are still to be checked. */
export const CHECKED = 'set constraints all immediate'

/**
 * Fills new columns with a link of each row, before anything takes its place: the former one if it is still there, else the one
 * that it keeps. Rows without a link have what the plan says.
 */
export function linkedSql({ changed }: TableChanges, custom: CustomTypes): string[] {
  return changed.flatMap(({ actual, key, shadows }) =>
    shadows.flatMap(({ name, source, as }) => {
      if (source === null || source.links === null) return []
      const { join, owner, other, keep } = source.links
      const of = `select l.${quoted(other)} from ${quoted(join)} l where l.${quoted(owner)} = t.${quoted(key[0]!)}`
      const former = source.column === null ? [] : [`(${of} and l.${quoted(other)} = t.${quoted(source.column)})`]
      const kept = `(${of} order by 1 ${keep === 'last' ? 'desc' : ''} limit 1)`
      const missing = reading({ ...source, column: null }, custom, () => undefined)([])
      const none = missing instanceof Refused ? null : missing
      const linked = `update ${quoted(actual)} t set ${quoted(name)} = coalesce(${[...former, kept].join()})`
      if (none === null) return [linked, CHECKED]
      const [native, mark] = [nativeColumn(as, custom), quoted(unlinkedName(source.links))]
      return [
        linked,
        CHECKED,
        `alter table ${quoted(actual)} add column ${mark} ${native.declared}`,
        `update ${quoted(actual)} set ${[mark, quoted(name)].map(column => `${column} = ${nativeLiteral(encodedNative(native, none))}`).join()}
          where ${quoted(name)} is null`,
        CHECKED,
      ]
    }),
  )
}

/** The column that keeps what rows without a link got, so that none is made of it on the way back. */
const unlinkedName = ({ join, column }: CopyLinks): string => identifier(`_restuary_unlinked_${join}_${column}`)

/** Makes links of references, when everything has its place. */
export function linksSql({ links, changed, after }: TableChanges, found: FoundTables): string[] {
  return links.flatMap(step => {
    const { table, column, join, owner, other } = step
    const { gone, actual } = changed.find(one => one.name === table)!
    const unlinked = unlinkedName(step)
    const isMarked = found.get(actual)!.columns.has(unlinked)
    const kept = gone.find(one => one.column === column)!.to!
    const id = quoted(after[table]!.key[0]!)
    const [mine, theirs] = [quoted(owner), quoted(other)]
    return [
      // Links that returned are those of a row that still leads to one of them.
      `delete from ${quoted(join)} l where not exists (select 1 from ${quoted(table)} t join ${quoted(join)} m
        on m.${mine} = t.${id} and m.${theirs} = t.${quoted(kept)} where t.${id} = l.${mine})`,
      `insert into ${quoted(join)}(${mine}, ${theirs}) select ${id}, ${quoted(kept)}
        from ${quoted(table)} where ${quoted(kept)} is not null
          ${isMarked ? `and ${quoted(kept)} is distinct from ${quoted(unlinked)}` : ''} on conflict do nothing`,
      CHECKED,
      ...(isMarked ? [`alter table ${quoted(table)} drop column ${quoted(unlinked)}`] : []),
      ...(isPassing(kept) ? [`alter table ${quoted(table)} drop column ${quoted(kept)}`] : []),
    ]
  })
}
