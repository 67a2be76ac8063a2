import { AT, ID, SEQ } from '../../../model/model.ts'
import { bound, compileStatement, sql, type Compiled, type Sql } from '../../sql/kysely.ts'
import { codecAt, fieldAt, type Layout } from '../../sql/layout.ts'
import { postgresDialect } from '../postgres-dialect.ts'

// Statements that write several rows of a table. Each binds an array for what the statement for one row binds a value.

/** An array of the values of a slot. */
function list(layout: Layout, slot: number, at: number): Sql {
  const type = slot === SEQ || slot === AT ? 'bigint' : postgresDialect.typeName(codecAt(layout, slot))
  return sql`${bound(at)}::${sql.raw(`${type}[]`)}`
}

const columnOf = (layout: Layout, slot: number): Sql =>
  sql.id(slot === SEQ ? '_seq' : slot === AT ? '_at' : fieldAt(layout, slot).column)

export function insertSeveral(layout: Layout): Compiled {
  const { resource } = layout
  const slots = [ID, SEQ, AT, ...resource.columns.map(({ slot }) => slot).filter(slot => slot !== ID)]
  const columns = sql.join(slots.map(slot => columnOf(layout, slot)))
  const lists = sql.join(slots.map((slot, i) => list(layout, slot, i)))
  return compileStatement(
    sql`insert into ${sql.id(resource.table)} (${columns}) select * from unnest(${lists})`,
    postgresDialect.text,
  )
}

export function updateSeveral(layout: Layout, changed: readonly number[]): Compiled {
  const slots = [...changed, SEQ, AT, ID]
  const names = slots.map((_, i) => sql.id(`v${i}`))
  const lists = sql.join(slots.map((slot, i) => list(layout, slot, i)))
  const sets = slots.slice(0, -1).map((slot, i) => sql`${columnOf(layout, slot)} = ${sql.id('v', `v${i}`)}`)
  return compileStatement(
    sql`update ${sql.id(layout.resource.table)} as t set ${sql.join(sets)} from unnest(${lists}) as v(${sql.join(names)})
      where ${sql.id('t', layout.resource.id.column)} = ${sql.id('v', `v${slots.length - 1}`)}`,
    postgresDialect.text,
  )
}

export function deleteSeveral(layout: Layout): Compiled {
  const { resource } = layout
  return compileStatement(
    sql`delete from ${sql.id(resource.table)} where ${sql.id(resource.id.column)} = any(${list(layout, ID, 0)})`,
    postgresDialect.text,
  )
}
