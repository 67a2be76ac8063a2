import { ID, type Field, type Join, type OneField, type Resource, type StoredField } from '../../model/model.ts'
import type { Predicate } from '../../query/predicate.ts'
import type { Select } from '../store.ts'
import { compileTests } from './compile.ts'
import type { SqlDialect } from './dialect.ts'
import { bound, compileStatement, sql, type Compiled, type Sql } from './kysely.ts'
import { hasKey } from './key.ts'
import { codecAt, columnExpression, fieldAt, fromOf, idExpression, rowOf, type Layout, type Layouts } from './layout.ts'
import { compileCursor, compileOrder, compileSort } from './order.ts'
import { Names, visited, type TableReference } from './place.ts'
import { isSingle } from './selective.ts'
import { isLiteral, totalSort } from './shape.ts'
import { idFormOf, asShown, asStored, idIn, idsIn } from './stored-id.ts'

/** The alias of the rows that a statement is about. */
const T = 't'

function place(layout: Layout, layouts: Layouts, where: Predicate, isCounted: boolean): TableReference {
  return { layout, alias: T, layouts, names: new Names(), isSingle: isSingle(layout.resource, where), isCounted }
}

/** How a statement reads its rows. */
export interface Reading {
  /** Counts the rows that it visits. */
  readonly isCounted?: boolean
  /** The index that it goes by; null = SQLite chooses. */
  readonly index?: string | null
}

/**
 * Reads rows in the order that `select` asks for, the id last. Binds the values of the predicate, those of the cursor, then limit
 * and offset if they are not in the text.
 */
export function selectRows(
  layout: Layout,
  layouts: Layouts,
  { where, sort, limit, offset, cursor, idsOnly = false }: Select,
  { isCounted = false, index = null }: Reading = {},
): Compiled {
  const at = place(layout, layouts, where, isCounted)
  const tests: Sql[] = []
  if (!isAll(where)) tests.push(compileTests(where, at, false))
  const sorted = compileSort(totalSort(layout.resource, sort), at)
  if (cursor) tests.push(compileCursor(sorted, cursor.keys, cursor.before, at))
  const filter = filterOf(tests, at)
  const order = compileOrder(sorted, cursor?.before ?? false)
  const size = limit === null ? null : isLiteral(limit) ? sql.lit(limit) : at.names.value()
  const page =
    size === null && offset === 0
      ? sql``
      : sql` limit ${size ?? layout.dialect.noLimit}${offset === 0 ? sql`` : sql` offset ${at.names.value()}`}`
  return compileStatement(
    sql`select ${rowOf(layout, T, idsOnly)} from ${fromOf(layout, T, undefined, index)}${sorted.joins}${filter} ${order}${page}`,
    layout.dialect.text,
  )
}

function filterOf(tests: readonly Sql[], at: TableReference): Sql {
  if (tests.length > 0) return sql` where ${visited(at)}${sql.join(tests, sql` and `)}`
  return at.isCounted ? sql` where ${visited(at)}${at.layout.dialect.yes}` : sql``
}

/** Counts the rows that match a predicate. Binds its values. */
export function countRows(layout: Layout, layouts: Layouts, where: Predicate, isCounted: boolean = false): Compiled {
  const at = place(layout, layouts, where, isCounted)
  const filter = filterOf(isAll(where) ? [] : [compileTests(where, at, false)], at)
  const from = sql`${sql.id(layout.resource.table)} as ${sql.id(T)}`
  return compileStatement(sql`select count(*) from ${from}${filter}`, layout.dialect.text)
}

const isAll = (where: Predicate): boolean => where.kind === 'constant' && where.value

/** Binds the id, or its parts if the key has several columns. */
export function getRow(layout: Layout): Compiled {
  return compileStatement(
    sql`select ${rowOf(layout, T)} from ${fromOf(layout, T)} where ${hasKey(layout, column => sql.id(T, column), 0)}`,
    layout.dialect.text,
  )
}

/** Binds the ids as one JSON text. */
export function getRows(layout: Layout): Compiled {
  const id = idExpression(layout, T)
  return compileStatement(
    sql`select ${rowOf(layout, T)} from ${fromOf(layout, T)} where ${id} in ${idsIn(layout.resource, bound(0), layout.dialect)} order by ${id}`,
    layout.dialect.text,
  )
}

/** Binds the values that are not null. */
export function findRow(
  layout: Layout,
  fields: readonly { field: Field & { slot: number }; isNull: boolean }[],
): Compiled {
  let next = 0
  const tests = fields.map(({ field, isNull }) => {
    const column = columnExpression(layout, field as OneField, T)
    return isNull ? sql`${column} is null` : sql`${column} = ${bound(next++)}`
  })
  return compileStatement(
    sql`select ${rowOf(layout, T)} from ${fromOf(layout, T)} where ${sql.join(tests, sql` and `)} limit 1`,
    layout.dialect.text,
  )
}

/** Pairs of (owner, other), selected by owners: the children of parents, or the links of a join. */
export interface PairTable {
  readonly table: string
  readonly dialect: SqlDialect
  readonly owner: (alias: string) => Sql
  readonly other: (alias: string) => Sql
  /** The resource of the owners. */
  readonly of: Resource
  /** How ids of owners and of others are read. */
  readonly readOwner: (id: Sql) => Sql
  readonly readOther: (id: Sql) => Sql
}

/** How ids of a resource are read. */
function reading(resource: Resource, dialect: SqlDialect): (id: Sql) => Sql {
  if (resource.options.foreign === null) return id => id
  return idFormOf(resource) === 'plain' ? dialect.readSafe : id => asShown(resource, id)
}

/** The pairs of a to-one relation, seen from its target: the foreign key is the owner, the row that has it the other. */
export function childPairs(via: OneField, layout: Layout): PairTable {
  return {
    table: layout.resource.table,
    dialect: layout.dialect,
    owner: alias => columnExpression(layout, via, alias),
    other: alias => idExpression(layout, alias),
    of: via.target,
    readOwner: reading(via.target, layout.dialect),
    readOther: reading(via.owner, layout.dialect),
  }
}

/** The pairs of a join table, seen from one of its sides. */
export function joinPairs(join: Join, from: 'a' | 'b', dialect: SqlDialect): PairTable {
  const [owner, other] = from === 'a' ? [join.a, join.b] : [join.b, join.a]
  return {
    table: join.table,
    dialect,
    owner: alias => sql.id(alias, owner.column),
    other: alias => sql.id(alias, other.column),
    of: owner.resource,
    readOwner: reading(owner.resource, dialect),
    readOther: reading(other.resource, dialect),
  }
}

/**
 * Which pairs are wanted: all, at most some number together, at most some number of each owner, or of the only one. `unsorted`
 * = of each owner, in the order in which the database comes to them, so that nothing is read that nobody takes.
 */
export type Bounded = 'all' | 'together' | 'each' | 'unsorted' | 'one'

/** Binds the owners as JSON, or the only one, then the limit if there is one. */
export function selectPairs(pairs: PairTable, bounded: Bounded): Compiled {
  const [owner, other] = [pairs.owner(T), pairs.other(T)]
  const table = sql`${sql.id(pairs.table)} as ${sql.id(T)}`
  const columns = sql`${pairs.readOwner(owner)}, ${pairs.readOther(other)}`
  return compileStatement(sql`select ${columns}${ofOwners(pairs, table, bounded)}`, pairs.dialect.text)
}

/** The rest of a `select` about the pairs of some owners. */
function ofOwners(pairs: PairTable, table: Sql, bounded: Bounded, and: Sql = sql``): Sql {
  const [owner, other] = [pairs.owner(T), pairs.other(T)]
  if (bounded === 'one')
    return sql` from ${table} where ${owner} = ${asStored(pairs.of, bound(0))}${and} order by ${other} limit ${bound(1)}`
  const order = sql`order by ${owner}, ${other}`
  if (bounded !== 'each' && bounded !== 'unsorted') {
    const limit = bounded === 'together' ? sql` limit ${bound(1)}` : sql``
    return sql` from ${table} where ${owner} in ${idsIn(pairs.of, bound(0), pairs.dialect)}${and} ${order}${limit}`
  }
  // One owner at a time, using the index over (owner, other): pairs beyond the limit cost nothing.
  const x = 'x'
  const first = sql`select ${pairs.other(x)} from ${sql.id(pairs.table)} as ${sql.id(x)} where ${pairs.owner(x)} = o.value order by ${pairs.other(x)} limit ${bound(1)}`
  return sql` from (select distinct ${idIn(pairs.of, pairs.dialect)} as value from ${pairs.dialect.elements(bound(0))}) as o cross join ${table} where ${owner} = o.value and ${other} in (${first})${and} ${bounded === 'each' ? order : sql``}`
}

/** Counts the pairs of each owner. Binds the owners as one JSON text. */
export function countPairs(pairs: PairTable): Compiled {
  const owner = pairs.owner(T)
  return compileStatement(
    sql`select ${pairs.readOwner(owner)}, count(*) from ${sql.id(pairs.table)} as ${sql.id(T)} where ${owner} in ${idsIn(pairs.of, bound(0), pairs.dialect)} group by ${owner}`,
    pairs.dialect.text,
  )
}

/** How many pairs some owners have together. Binds the owners as JSON, then up to how many are counted. */
export function countPairsUpTo(pairs: PairTable): Compiled {
  return compileStatement(
    sql`select count(*) from (select 1 from ${sql.id(pairs.table)} as ${sql.id(T)} where ${pairs.owner(T)} in ${idsIn(pairs.of, bound(0), pairs.dialect)} limit ${bound(1)}) as n`,
    pairs.dialect.text,
  )
}

/** How many rows a table has. Binds up to how many are counted. */
export function countTableUpTo(table: string, { text }: SqlDialect): Compiled {
  return compileStatement(sql`select count(*) from (select 1 from ${sql.id(table)} limit ${bound(0)})`, text)
}

/** Whole rows of children. */
export function selectChildRows(via: OneField, layout: Layout, bounded: Bounded): Compiled {
  const pairs = childPairs(via, layout)
  const { text } = layout.dialect
  const isSorted = layout.baseline === null && codecAt(layout, ID).column !== 'INTEGER'
  if (!isSorted || bounded === 'all' || bounded === 'each' || bounded === 'unsorted')
    return compileStatement(sql`select ${rowOf(layout, T)}${ofOwners(pairs, fromOf(layout, T), bounded)}`, text)
  // No index has the children of an owner in the order of such ids. So the ids are sorted, and not the rows.
  const table = sql`${sql.id(pairs.table)} as ${sql.id(T)}`
  const first = sql`select ${pairs.owner(T)} as owner, ${pairs.other(T)} as other${ofOwners(pairs, table, bounded)}`
  const row = 'r'
  const order = bounded === 'one' ? sql`f.other` : sql`f.owner, f.other`
  const select = sql`select ${rowOf(layout, row)} from (${first}) as f cross join ${fromOf(layout, row)}`
  return compileStatement(sql`${select} where ${idExpression(layout, row)} = f.other order by ${order}`, text)
}

/** Whole rows at the far side of a join. The owner is one more column at the end. */
export function selectPairRows(join: Join, from: 'a' | 'b', target: Layout, bounded: Bounded): Compiled {
  const pairs = joinPairs(join, from, target.dialect)
  const row = 'r'
  const owner = pairs.readOwner(pairs.owner(T))
  const table = sql`${sql.id(join.table)} as ${sql.id(T)}, ${fromOf(target, row)}`
  const and = sql` and ${idExpression(target, row)} = ${pairs.other(T)}`
  return compileStatement(
    sql`select ${rowOf(target, row)}, ${owner}${ofOwners(pairs, table, bounded, and)}`,
    target.dialect.text,
  )
}

/** Reads the highest id as text: a table of another program may hold numbers that JavaScript cannot. */
export function highestId({ id, table }: Resource, { text }: SqlDialect): Compiled {
  return compileStatement(sql`select cast(max(${sql.id(id.column)}) as text) from ${sql.id(table)}`, text)
}

/** Binds all columns in the order of slots. In our own tables the version is among them. */
export function insertRow(layout: Layout, fields: readonly StoredField[] | null = null): Compiled {
  const { resource } = layout
  const names = fields?.map(field => field.column) ?? columnNames(layout)
  const values = names.map((_, i) => bound(i))
  return compileStatement(
    sql`insert ${orFail(layout)}into ${sql.id(resource.table)} (${sql.join(names.map(name => sql.id(name)))}) values (${sql.join(values)})`,
    layout.dialect.text,
  )
}

/** It is left out where it is the default, because it would hold for the statements of triggers as well. */
const orFail = ({ hidesConflicts }: Layout): Sql => (hidesConflicts ? sql`or abort ` : sql``)

function columnNames({ resource, baseline }: Layout): string[] {
  const names = resource.columns.filter(field => field.slot !== ID).map(field => field.column)
  return baseline === null ? [resource.id.column, '_seq', '_at', ...names] : [resource.id.column, ...names]
}

/** Binds the changed columns in order, then seq and time if they are in the table, then the id. */
export function updateRow(layout: Layout, slots: readonly number[]): Compiled {
  const { resource, baseline } = layout
  const columns = slots.map(slot => fieldAt(layout, slot).column)
  if (baseline === null) columns.push('_seq', '_at')
  const sets = columns.map((column, i) => sql`${sql.id(column)} = ${bound(i)}`)
  return compileStatement(
    sql`update ${orFail(layout)}${sql.id(resource.table)} set ${sql.join(sets)} where ${hasKey(layout, column => sql.id(column), columns.length)}`,
    layout.dialect.text,
  )
}

/** What the column of one slot holds, as it is. Binds: the id. */
export function storedValue(layout: Layout, slot: number): Compiled {
  const { resource } = layout
  const { column } = fieldAt(layout, slot)
  return compileStatement(
    sql`select ${sql.id(column)} from ${sql.id(resource.table)} where ${hasKey(layout, name => sql.id(name), 0)}`,
    layout.dialect.text,
  )
}

/** Binds the id, or its parts if the key has several columns. */
export function deleteRowById(layout: Layout): Compiled {
  return compileStatement(
    sql`delete from ${sql.id(layout.resource.table)} where ${hasKey(layout, column => sql.id(column), 0)}`,
    layout.dialect.text,
  )
}

/** Binds a and b. Adding a pair that is there changes nothing. */
export function addPair({ table, a, b }: Join, { text, insertOnce }: SqlDialect): Compiled {
  const values = sql`${asStored(a.resource, bound(0))}, ${asStored(b.resource, bound(1))}`
  return compileStatement(
    insertOnce(sql`${sql.id(table)} (${sql.id(a.column)}, ${sql.id(b.column)}) values (${values})`),
    text,
  )
}

/** Binds a and b. Removing a pair that is not there changes nothing. */
export function removePair({ table, a, b }: Join, { text }: SqlDialect): Compiled {
  return compileStatement(
    sql`delete from ${sql.id(table)} where ${sql.id(a.column)} = ${asStored(a.resource, bound(0))} and ${sql.id(b.column)} = ${asStored(b.resource, bound(1))}`,
    text,
  )
}
