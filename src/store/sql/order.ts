import { getOrThrow } from '../../protocol/get-or-throw.ts'
import type { SortKey } from '../../query/predicate.ts'
import type { Value } from '../../schema/field.ts'
import { expressionOf, type SqlExpression } from './compile-leaf.ts'
import { sql, type Sql } from './kysely.ts'
import { columnExpression, idExpression, typedFor } from './expressions.ts'
import { jsonPath } from './leaf.ts'
import type { TableReference } from './place.ts'
import { tableOf } from './tables/table-name.ts'

/** The expressions to sort by, and the joins for columns of related rows. */
export interface Sorted {
  readonly keys: readonly (SqlExpression & { readonly descending: boolean; readonly typed: (value: Sql) => Sql })[]
  readonly joins: Sql
}

/** Compiles sort keys. Keys that lead through the same relation share one join. */
export function compileSort(sort: readonly SortKey[], place: TableReference): Sorted {
  const joined = new Map<string, TableReference & { readonly nullable: boolean }>()
  const joins: Sql[] = []
  const keys = sort.map(({ path, descending }) => {
    const { steps, field } = jsonPath(place.layout.resource, path)
    let at: TableReference & { readonly nullable: boolean } = { ...place, nullable: false }
    steps.forEach((step, i) => {
      const name = path.slice(0, i + 1).join('.')
      let next = joined.get(name)
      if (next === undefined) {
        const layout = getOrThrow(place.layouts, step.target)
        const foreign = at.layout.baseline !== null
        next = { ...place, layout, alias: place.names.table(), nullable: at.nullable || step.nullable || foreign }
        const on = sql`${idExpression(layout, next.alias)} = ${columnExpression(at.layout, step, at.alias)}`
        const how = next.nullable ? sql`left join` : sql`inner join`
        joins.push(sql` ${how} ${tableOf(layout.resource)} as ${sql.id(next.alias)} on ${on}`)
        joined.set(name, next)
      }
      at = next
    })
    const { sql: e, nullable } = expressionOf(field, at)
    const typed = (value: Sql): Sql => typedFor(at.layout, field, value)
    return { sql: e, nullable: nullable || at.nullable, descending, typed }
  })
  return { keys, joins: joins.length === 0 ? sql`` : sql.join(joins, sql``) }
}

/** The `order by` clause. Nulls come last in both directions. `backwards` reverses the order, for the page before a cursor. */
export function compileOrder({ keys }: Sorted, backwards: boolean): Sql {
  const terms = keys.map(({ sql: e, nullable, descending }) => {
    const direction = descending === backwards ? sql`asc` : sql`desc`
    if (!nullable) return sql`${e} ${direction}`
    return sql`${e} ${direction} ${backwards ? sql`nulls first` : sql`nulls last`}`
  })
  return sql`order by ${sql.join(terms)}`
}

/**
 * The condition for rows after a cursor, or before it: either the first key is beyond the cursor's, or it is equal and the
 * remaining keys are beyond. Null is the last value in both directions.
 */
export function compileCursor(sorted: Sorted, values: readonly Value[], before: boolean, place: TableReference): Sql {
  const { keys } = sorted
  // A sort that names the id has one key less than a cursor, which always ends with the id.
  const slots = keys.map(({ typed }, i) => ((values[i] ?? null) === null ? null : typed(place.names.value())))
  const [first] = keys
  if (!first) throw new TypeError('a cursor needs an order')
  // All keys in one direction and without nulls: SQLite compares the tuples, and an index can serve that.
  const alike = keys.every((key, i) => !key.nullable && slots[i] !== null && key.descending === first.descending)
  if (alike) {
    const above = first.descending === before ? sql`>` : sql`<`
    const values = sql.join(slots.filter(slot => slot !== null))
    if (keys.length === 1) return sql`${first.sql} ${above} ${values}`
    return sql`(${sql.join(keys.map(key => key.sql))}) ${above} (${values})`
  }
  let beyond: Sql = place.layout.dialect.no
  for (const [i, { sql: e, nullable, descending }] of [...keys.entries()].toReversed()) {
    const slot = slots[i]
    if (slot === null || slot === undefined) {
      // The cursor is at null: nothing comes after it, and everything that is not null comes before it.
      const here = sql`(${e} is null and ${beyond})`
      beyond = before ? sql`(${e} is not null or ${here})` : here
    } else {
      const past = descending === before ? sql`${e} > ${slot}` : sql`${e} < ${slot}`
      const reached = nullable && !before ? sql`${past} or ${e} is null` : past
      beyond = sql`(${reached} or (${e} = ${slot} and ${beyond}))`
    }
  }
  // Repeats the condition on the first key, so that SQLite can enter an index where the page begins.
  const lead = slots[0]
  if (lead === null || lead === undefined || first.nullable) return beyond
  return sql`${first.sql} ${first.descending === before ? sql`>=` : sql`<=`} ${lead} and ${beyond}`
}
