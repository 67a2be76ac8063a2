import { getOrThrow } from '../../protocol/get-or-throw.ts'
import type { BackField, ManyField, OneField } from '../../model/model.ts'
import { bound, sql, type Sql } from './kysely.ts'
import { columnExpression, idExpression } from './expressions.ts'
import { type Layout, type Layouts } from './layout.ts'
import { fieldOf, sidesOf } from './leaf.ts'
import { joinTableOf, tableOf } from './tables/table-name.ts'

/** Counts the parameters and table aliases of a statement. */
export class Names {
  #slot = 0
  #alias = 0

  value(): Sql {
    return bound(this.#slot++)
  }

  table(): string {
    return `t${++this.#alias}`
  }
}

/** The rows that a predicate is about: those of `alias`. */
export interface TableReference {
  /** At most one row is examined, or those related to one row. */
  readonly isSingle: boolean
  /** Each row that is visited counts. */
  readonly isCounted: boolean
  /** The folded text of fields, where it was computed once for the row. */
  readonly folded?: ReadonlyMap<string, Sql>
  readonly layout: Layout
  readonly alias: string
  readonly layouts: Layouts
  readonly names: Names
}

/** A field that leads to other rows. */
export type Relation = OneField | BackField | ManyField

/** The relation of that name. Predicates were checked before, so anything else is a bug and throws Error. */
export function relationOf(name: string, { layout }: TableReference): Relation {
  const field = fieldOf(layout.resource, name)
  if (field.is !== 'one' && field.is !== 'back' && field.is !== 'many') throw new Error(`${name} is not a relation`)
  return field
}

/** The related rows of a relation. A to-one relation of a single row leads to a single row. */
export function relatedTable(field: Relation, place: TableReference): TableReference {
  const layout = getOrThrow(place.layouts, field.target)
  const { names, layouts, isCounted } = place
  return { layout, layouts, names, isCounted, alias: names.table(), isSingle: place.isSingle && field.is === 'one' }
}

/** The table with its alias. Aliases are numbered, because a predicate may lead through the same table more than once. */
export function tableExpression({ layout, alias }: TableReference): Sql {
  return sql`${tableOf(layout.resource)} as ${sql.id(alias)}`
}

/**
 * The `from` clause and the condition for the rows at the other end of a relation. `each` is a column that has a value in
 * each pair of rows.
 */
export function joinRelated(
  field: Relation,
  place: TableReference,
  inner: TableReference,
): { from: Sql; on: Sql; each: Sql } {
  const { layout: target, alias } = inner
  const table = tableExpression(inner)
  switch (field.is) {
    case 'one': {
      const each = idExpression(target, alias)
      return { from: table, on: sql`${each} = ${columnExpression(place.layout, field, place.alias)}`, each }
    }
    case 'back': {
      const each = columnExpression(target, field.via, alias)
      return { from: table, on: sql`${each} = ${idExpression(place.layout, place.alias)}`, each }
    }
    case 'many': {
      const { near, far, join } = sidesOf(field)
      const pairs = place.names.table()
      return {
        from: sql`${joinTableOf(join)} as ${sql.id(pairs)} inner join ${table} on ${idExpression(target, alias)} = ${sql.id(pairs, far)}`,
        on: sql`${sql.id(pairs, near)} = ${idExpression(place.layout, place.alias)}`,
        each: sql.id(pairs, near),
      }
    }
  }
}

/** The test that counts the rows that come by; always true. It stands before all others. */
export function visited({ isCounted, layout }: TableReference): Sql {
  return isCounted ? sql`${layout.dialect.visit} and ` : sql``
}

/** The same for related rows. `each` is a column that has a value in each of them. */
export function visitedRelated({ isCounted, layout }: TableReference, each: Sql): Sql {
  return isCounted ? sql`${layout.dialect.visitRelated(each)} and ` : sql``
}

/** The same for the ids at the other end of a to-many relation, without the rows themselves. */
export function joinIds(field: BackField | ManyField, place: TableReference): { from: Sql; on: Sql; id: Sql } {
  const alias = place.names.table()
  if (field.is === 'back') {
    const inner: TableReference = { ...place, layout: getOrThrow(place.layouts, field.target), alias }
    return { ...joinRelated(field, place, inner), id: idExpression(inner.layout, alias) }
  }
  const { near, far, join } = sidesOf(field)
  return {
    from: sql`${joinTableOf(join)} as ${sql.id(alias)}`,
    on: sql`${sql.id(alias, near)} = ${idExpression(place.layout, place.alias)}`,
    id: sql.id(alias, far),
  }
}
