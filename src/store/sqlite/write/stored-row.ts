import { ID, type Row } from '../../../model/model.ts'
import type { Bind } from '../../sql/codec.ts'
import { fromOf, rowOf } from '../../sql/expressions.ts'
import { bound, compileStatement, sql } from '../../sql/kysely.ts'
import { decode, type Layout } from '../../sql/layout.ts'
import type { Connection } from '../connection.ts'

/** Reads the values of some columns as if they were a row of their table. Columns that are missing are null. */
export function storedRow(
  connection: Connection,
  layout: Layout,
  columns: readonly string[],
  values: readonly Bind[],
): Row {
  const { resource } = layout
  const statement = connection.cached(`row of ${resource.name} ${columns.length}`, () => {
    const own = columns.map((column, i) => sql`${bound(i)} as ${sql.id(column)}`)
    const missing = resource.columns
      .filter(({ column, slot }) => !columns.includes(column) && (slot !== ID || layout.key === null))
      .map(({ column }) => sql`null as ${sql.id(column)}`)
    const source = sql`(select ${sql.join([...own, ...missing])})`
    return compileStatement(sql`select ${rowOf(layout, 't')} from ${fromOf(layout, 't', source)}`, layout.dialect.text)
  })
  return decode(layout, statement.get(...values))!
}
