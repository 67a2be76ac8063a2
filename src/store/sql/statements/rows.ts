import { ID, type Field, type OneField, type Resource, type StoredField } from '../../../model/model.ts'
import type { Predicate } from '../../../query/predicate.ts'
import type { Select } from '../../store.ts'
import { compileTests } from '../compile.ts'
import type { SqlDialect } from '../dialect.ts'
import { bound, compileStatement, sql, type Compiled, type Sql } from '../kysely.ts'
import { hasKey } from '../key.ts'
import { columnExpression, fromOf, idExpression, inOrder, rowOf, typedFor } from '../expressions.ts'
import { fieldAt, type Layout, type Layouts } from '../layout.ts'
import { compileCursor, compileOrder, compileSort } from '../order.ts'
import { Names, visited, type TableReference } from '../place.ts'
import { isSingle } from '../selective.ts'
import { isLiteral, totalSort } from '../shape.ts'
import { idsIn } from '../stored-id.ts'
import { tableOf } from '../tables/table-name.ts'

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
  const from = sql`${tableOf(layout.resource)} as ${sql.id(T)}`
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
    sql`select ${rowOf(layout, T)} from ${fromOf(layout, T)} where ${id} in ${idsIn(layout.resource, bound(0), layout.dialect)} order by ${inOrder(layout.resource, id, layout.dialect)}`,
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
    return isNull ? sql`${column} is null` : sql`${column} = ${typedFor(layout, field, bound(next++))}`
  })
  return compileStatement(
    sql`select ${rowOf(layout, T)} from ${fromOf(layout, T)} where ${sql.join(tests, sql` and `)} limit 1`,
    layout.dialect.text,
  )
}

/** How many rows a table has. Binds up to how many are counted. */
export function countTableUpTo(table: string, { text }: SqlDialect): Compiled {
  return compileStatement(sql`select count(*) from (select 1 from ${sql.id(table)} limit ${bound(0)})`, text)
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
  const own = layout.postgres?.isIdentity === true ? sql` overriding system value` : sql``
  if (names.length === 0)
    return compileStatement(sql`insert into ${tableOf(resource)} default values`, layout.dialect.text)
  return compileStatement(
    sql`insert ${orFail(layout)}into ${tableOf(resource)} (${sql.join(names.map(name => sql.id(name)))})${own} values (${sql.join(values)})`,
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
    sql`update ${orFail(layout)}${tableOf(resource)} set ${sql.join(sets)} where ${hasKey(layout, column => sql.id(column), columns.length)}`,
    layout.dialect.text,
  )
}

/** What the column of one slot holds, as it is. Binds: the id. */
export function storedValue(layout: Layout, slot: number): Compiled {
  const { resource } = layout
  const { column } = fieldAt(layout, slot)
  return compileStatement(
    sql`select ${sql.id(column)} from ${tableOf(resource)} where ${hasKey(layout, name => sql.id(name), 0)}`,
    layout.dialect.text,
  )
}

/** Binds the id, or its parts if the key has several columns. */
export function deleteRowById(layout: Layout): Compiled {
  return compileStatement(
    sql`delete from ${tableOf(layout.resource)} where ${hasKey(layout, column => sql.id(column), 0)}`,
    layout.dialect.text,
  )
}
