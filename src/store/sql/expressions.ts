import { AT, ID, SEQ, type Field, type Resource, type StoredField } from '../../model/model.ts'
import { sql, type Sql } from './kysely.ts'
import type { SqlDialect } from './dialect.ts'
import { codecAt, type Layout } from './layout.ts'
import { tableOf } from './tables/table-name.ts'

/** The SQL expression by which a field is compared in filters, orders and cursors. */
export function comparedOf(layout: Layout, field: StoredField, alias: string): Sql {
  const column = columnExpression(layout, field, alias)
  const form = layout.forms.get(field.slot)
  if (form !== undefined) return form.compared(column)
  switch (layout.compared.get(field.slot)) {
    case 'shown':
      return sql`restuary_shown(${column})`
    case 'text':
      return sql`restuary_text(${column})`
    case 'binary':
    case 'number':
      return sql`${column} collate binary`
    case 'json':
      return sql`iif(json_valid(${column}) and json_type(${column}) = 'null', null, ${column})`
    case undefined:
      return column
  }
}

/** A bound value with the type to which a field is compared, where the database would take it for another one. */
export function typedFor(layout: Layout, field: Field, value: Sql): Sql {
  const form = 'slot' in field ? layout.forms.get(field.slot) : undefined
  return form?.typed ? sql`${value}::${sql.raw(form.typed)}` : value
}

/** An id as rows are sorted by it: by code points, whatever the collation of the column. */
export function inOrder({ id: { type }, options }: Resource, id: Sql, { binary }: SqlDialect): Sql {
  return options.foreign?.postgres && type.sql.column === 'TEXT' && type.key !== 'uuid' ? binary(id) : id
}

/** The SQL of a row's id. A composite key becomes one text, `a~b`. */
export function idExpression(layout: Layout, alias: string): Sql {
  if (layout.key === null) return related(layout, layout.resource.id, sql.id(alias, layout.resource.id.column))
  return composedKey(layout, column => sql.id(alias, column))
}

/** The SQL of an id that is made of the columns of the key. */
export function composedKey({ key, keyForm, dialect }: Layout, at: (column: string) => Sql): Sql {
  return dialect.composed(keyForm, key!.map(at))
}

/** The id as the side table of versions has it. */
function versionId(layout: Layout, alias: string): Sql {
  const id = idExpression(layout, alias)
  const { dialect } = layout
  return codecAt(layout, ID).column === 'BLOB' ? dialect.toHex(id) : dialect.versionId(id)
}

/** The SQL of a stored field. The id is an expression of its own, because it may be made of several columns. */
export function columnExpression(layout: Layout, field: StoredField, alias: string): Sql {
  if (field.slot === ID) return idExpression(layout, alias)
  const column = sql.id(alias, field.column)
  return field.is === 'one' ? related(layout, field, column) : column
}

const related = ({ forms }: Layout, { slot }: StoredField, column: Sql): Sql =>
  forms.get(slot)?.related(column) ?? column

/** The columns in the order of the slots. So the array that SQLite returns is a row. */
export function rowOf(layout: Layout, alias: string, idOnly: boolean = false): Sql {
  const columns: Sql[] = []
  for (const field of layout.resource.columns) {
    const isWanted = !idOnly || field.slot === ID
    columns[field.slot] = isWanted ? readable(layout, field.slot, columnExpression(layout, field, alias)) : sql`null`
  }
  const { baseline } = layout
  const { orElse } = layout.dialect
  if (baseline === null) {
    columns[SEQ] = sql.id(alias, '_seq')
    columns[AT] = sql.id(alias, '_at')
  } else if (!layout.versioned) {
    columns[SEQ] = sql.lit(baseline.seq)
    columns[AT] = sql.lit(baseline.at)
  } else {
    columns[SEQ] = orElse(sql.id(`${alias}v`, 'seq'), sql.raw(String(baseline.seq)))
    columns[AT] = orElse(sql.id(`${alias}v`, 'at'), sql.raw(String(baseline.at)))
  }
  return sql.join(columns)
}

function readable(layout: Layout, slot: number, column: Sql): Sql {
  const form = layout.forms.get(slot)
  if (form !== undefined) return form.shown(column)
  switch (codecAt(layout, slot).select) {
    case 'plain':
      return column
    case 'text':
      return sql`cast(${column} as text)`
    case 'safe':
      return layout.dialect.readSafe(column)
  }
}

/**
 * The `from` clause for statements that return whole rows, with the side table of versions if there is one. `source`
 * replaces the table. The table is read by `index`, if one is named.
 */
export function fromOf(
  layout: Layout,
  alias: string,
  source: Sql = tableOf(layout.resource),
  index: string | null = null,
): Sql {
  const table = sql`${source} as ${sql.id(alias)}${index === null ? sql`` : sql` indexed by ${sql.id(index)}`}`
  if (layout.baseline === null || !layout.versioned) return table
  const version = `${alias}v`
  return sql`${table} left join _restuary_version as ${sql.id(version)} on ${sql.id(version, 'resource')} = ${sql.lit(
    layout.resource.name,
  )} and ${sql.id(version, 'id')} = ${versionId(layout, alias)}`
}
