import { getOrThrow } from '../../protocol/get-or-throw.ts'
import type { CountPredicate, Predicate } from '../../query/predicate.ts'
import { compileLeaf, decided, expressionOf, operators } from './compile-leaf.ts'
import { sql, type Sql } from './kysely.ts'
import { columnExpression, idExpression } from './expressions.ts'
import { foldedOften } from '../../query/folded-often.ts'
import { fieldOf, sidesOf } from './leaf.ts'
import {
  relatedTable,
  joinRelated,
  relationOf,
  tableExpression,
  visited,
  visitedRelated,
  type TableReference,
  type Relation,
} from './place.ts'
import { isSelective, readsMany } from './selective.ts'
import { joinTableOf } from './tables/table-name.ts'

/**
 * SQL that is true for the rows of a place that match. Text that is folded for several tests is folded once for each row:
 * these tests stand in a subquery over it, all others beside it, where an index may serve them.
 */
export function compileTests(predicate: Predicate, place: TableReference, exact: boolean): Sql {
  const fields = foldedOften(predicate)
  if (fields.size === 0) return compilePredicate(predicate, place, exact)
  const { folded } = place.layout.dialect
  const alias = place.names.table()
  const columns = [...fields].map((name, i): [string, Sql, Sql] => {
    const { sql: text } = expressionOf(fieldOf(place.layout.resource, name), place)
    return [name, sql.id(alias, `f${i}`), sql`${folded(text)} as ${sql.id(`f${i}`)}`]
  })
  const inside: TableReference = { ...place, folded: new Map(columns.map(([name, column]) => [name, column])) }
  const tests = (predicate.kind === 'and' ? predicate.of : [predicate]).map(part => {
    const isInside = foldedOften(part, 1).size > 0
    return { isInside, test: compilePredicate(part, isInside ? inside : place, exact) }
  })
  const of = (isInside: boolean): Sql[] => tests.filter(one => one.isInside === isInside).map(one => one.test)
  // The limit keeps databases from putting the expression in the place of each use of its name.
  const texts = sql`(select ${sql.join(columns.map(([, , column]) => column))} limit 1)`
  const once = sql`(select ${sql.join(of(true), sql` and `)} from ${texts} as ${sql.id(alias)})`
  return sql`(${sql.join([...of(false), once], sql` and `)})`
}

/**
 * The SQL of a predicate. If only truth matters, null may stand for false, which keeps indexes usable. Below a negation
 * (`exact`) every part must be true or false, because `not null` is null in SQL but must count as true.
 */
function compilePredicate(predicate: Predicate, place: TableReference, exact: boolean): Sql {
  const { yes, no } = place.layout.dialect
  switch (predicate.kind) {
    case 'constant':
      return predicate.value ? yes : no
    case 'and':
    case 'or': {
      if (predicate.of.length === 0) return predicate.kind === 'and' ? yes : no
      const parts = predicate.of.map(part => compilePredicate(part, place, exact))
      return sql`(${sql.join(parts, predicate.kind === 'and' ? sql` and ` : sql` or `)})`
    }
    case 'not':
      return sql`not ${compilePredicate(predicate.of, place, true)}`
    case 'one':
      return related(predicate.field, place, predicate.of, exact)
    case 'many':
      switch (predicate.quantifier) {
        case 'some':
          return related(predicate.field, place, predicate.of, exact)
        case 'none':
          return sql`not ${related(predicate.field, place, predicate.of, true)}`
        case 'every':
          return every(relationOf(predicate.field, place), place, predicate.of)
        case 'count':
          return counted(predicate, place)
      }
    // eslint-disable-next-line no-fallthrough -- every quantifier returns
    default:
      return compileLeaf(predicate, place, exact)
  }
}

/**
 * Whether a related row matches. There are two ways to ask. Starting at the row: `exists (…)`, evaluated for each row; best for
 * a single row, or if each related row is reached once. Starting at the other end: `in (select …)`, which finds all matching
 * related rows once; best if an index finds them, and necessary to stay linear if many rows lead to the same related row and
 * that row is expensive to check (docs/decisions/015-semi-joins.md).
 */
function related(name: string, place: TableReference, of: Predicate, exact: boolean): Sql {
  const field = relationOf(name, place)
  if (!place.isSingle && isSelective(field.target, of)) return relatedAtOnce(field, place, of, exact)
  if (!place.isSingle && field.is === 'one' && readsMany(field.target, of))
    return relatedAtOnce(field, place, of, exact)
  return isUnindexed(field, place) ? relatedAtOnce(field, place, of, exact) : relatedRowByRow(field, place, of, false)
}

/** Whether all related rows match. */
function every(field: Relation, place: TableReference, of: Predicate): Sql {
  if (!isUnindexed(field, place)) return sql`not ${relatedRowByRow(field, place, of, true)}`
  return sql`not ${relatedAtOnce(field, place, { kind: 'not', of }, true)}`
}

/** Whether the related rows of each row would be looked for in the whole table, in one that somebody else made. */
function isUnindexed(field: Relation, place: TableReference): boolean {
  return field.is === 'back' && !place.isSingle && getOrThrow(place.layouts, field.target).unindexed.has(field.via)
}

/** How many related rows match. */
function counted({ field: name, of, op }: CountPredicate, place: TableReference): Sql {
  const field = relationOf(name, place)
  const inner = { ...relatedTable(field, place), isSingle: true }
  const { from, on, each } = joinRelated(field, place, inner)
  const test = compilePredicate(of, inner, false)
  return sql`((select count(*) from ${from} where ${visitedRelated(place, each)}${on} and ${test}) ${operators[op]} ${place.names.value()})`
}

/** The form that starts at the row. `negated` = whether some related row does not match. */
function relatedRowByRow(field: Relation, place: TableReference, of: Predicate, negated: boolean): Sql {
  const inner = relatedTable(field, place)
  if (field.is === 'many' && !place.isSingle && readsMany(field.target, of)) {
    // Several rows lead to the same related row, so it is checked once for all of them.
    const { near, far, join } = sidesOf(field)
    const pairs = place.names.table()
    const matching = sql`select ${idExpression(inner.layout, inner.alias)} from ${tableExpression(inner)} where ${visited(place)}${compileTests(of, inner, negated)}`
    const test = sql`${sql.id(pairs, far)} ${negated ? sql`not in` : sql`in`} (${matching})`
    const each = visitedRelated(place, sql.id(pairs, near))
    return sql`exists (select 1 from ${joinTableOf(join)} as ${sql.id(pairs)} where ${each}${sql.id(pairs, near)} = ${idExpression(place.layout, place.alias)} and ${test})`
  }
  const { from, on, each } = joinRelated(field, place, inner)
  const test = compileTests(of, inner, negated)
  return sql`exists (select 1 from ${from} where ${visitedRelated(place, each)}${on} and ${negated ? sql`not ${test}` : test})`
}

/** The form that starts at the other end. */
function relatedAtOnce(field: Relation, place: TableReference, of: Predicate, exact: boolean): Sql {
  const inner = relatedTable(field, place)
  const { dialect } = inner.layout
  const id = idExpression(inner.layout, inner.alias)
  switch (field.is) {
    case 'one': {
      const test = compileTests(of, inner, false)
      const column = columnExpression(place.layout, field, place.alias)
      return decided(
        sql`${column} in (select ${id} from ${tableExpression(inner)} where ${visited(place)}${test})`,
        exact,
        dialect,
      )
    }
    case 'back': {
      const test = compileTests(of, inner, false)
      const via = columnExpression(inner.layout, field.via, inner.alias)
      const own = idExpression(place.layout, place.alias)
      return decided(
        sql`${own} in (select ${via} from ${tableExpression(inner)} where ${visited(place)}${test})`,
        exact,
        dialect,
      )
    }
    case 'many': {
      const { near, far, join } = sidesOf(field)
      const pairs = place.names.table()
      const test = compileTests(of, inner, false)
      const from = sql`${joinTableOf(join)} as ${sql.id(pairs)} inner join ${tableExpression(inner)} on ${id} = ${sql.id(pairs, far)}`
      const own = idExpression(place.layout, place.alias)
      const each = sql.id(pairs, near)
      const counted = sql`${visited(place)}${visitedRelated(place, each)}`
      return decided(sql`${own} in (select ${each} from ${from} where ${counted}${test})`, exact, dialect)
    }
  }
}
