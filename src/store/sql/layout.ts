import { AT, FIRST, ID, SEQ, type Model, type Resource, type StoredField, type Value } from '../../model/model.ts'
import { foreignCodec, type Bind, type Codec } from './codec.ts'
import { sql, type Sql } from './kysely.ts'

/** The version of rows that nobody has changed since another program's table was adopted. */
export interface Baseline {
  readonly seq: number
  readonly at: number
}

/** Where the parts of a row are in SQL. Decided once, at start. */
export interface Layout {
  readonly resource: Resource
  /** Codecs by slot. The slots of the version have none. */
  readonly codecs: readonly Codec[]
  /** The slots that have to be decoded after reading. Most need no decoding. */
  readonly decoders: readonly (readonly [slot: number, decode: (stored: Bind) => Value])[]
  /** The key columns of a foreign table with a composite key; null if the id is a column. */
  readonly key: readonly string[] | null
  /** Set for tables of other programs. Their versions are in a side table, or are not stored at all. */
  readonly baseline: Baseline | null
  /** Whether that side table exists. */
  readonly versioned: boolean
}

export type Layouts = ReadonlyMap<Resource, Layout>

/** The layouts of all resources. `versions` is false if there is no side table, because the database is only read. */
export function layoutsOf(model: Model, baseline: Baseline, versions: boolean = true): Layouts {
  return new Map([...model.resources.values()].map(resource => [resource, layoutOf(resource, baseline, versions)]))
}

function layoutOf(resource: Resource, baseline: Baseline, versioned: boolean): Layout {
  const foreign = resource.options.foreign
  const codecs: Codec[] = []
  for (const field of resource.columns) codecs[field.slot] = foreign ? foreignCodec(field.type) : field.type.sql
  const composite = foreign !== null && foreign.key.length > 1
  return Object.freeze({
    resource,
    codecs,
    decoders: codecs.flatMap((codec, slot) => (codec.decode ? [[slot, codec.decode] as const] : [])),
    key: composite ? foreign.key : null,
    baseline: foreign ? baseline : null,
    versioned,
  })
}

/** The SQL of a row's id. A composite key becomes one text, `a~b`. */
export function idExpression(layout: Layout, alias: string): Sql {
  if (layout.key === null) return sql.id(alias, layout.resource.id.column)
  return sql`(${sql.join(
    layout.key.map(column => sql`ifnull(cast(${sql.id(alias, column)} as text), '')`),
    sql` || '~' || `,
  )})`
}

export function columnExpression(layout: Layout, field: StoredField, alias: string): Sql {
  return field.slot === ID ? idExpression(layout, alias) : sql.id(alias, field.column)
}

/** The columns of a row in the order of its slots: the array that SQLite returns then is the row. */
export function rowOf(layout: Layout, alias: string): Sql {
  const columns: Sql[] = []
  for (const field of layout.resource.columns) {
    columns[field.slot] = readable(layout.codecs[field.slot]!, columnExpression(layout, field, alias))
  }
  const { baseline } = layout
  if (baseline === null) {
    columns[SEQ] = sql.id(alias, '_seq')
    columns[AT] = sql.id(alias, '_at')
  } else if (!layout.versioned) {
    columns[SEQ] = sql.lit(baseline.seq)
    columns[AT] = sql.lit(baseline.at)
  } else {
    columns[SEQ] = sql`ifnull(${sql.id(`${alias}v`, 'seq')}, ${sql.lit(baseline.seq)})`
    columns[AT] = sql`ifnull(${sql.id(`${alias}v`, 'at')}, ${sql.lit(baseline.at)})`
  }
  return sql.join(columns)
}

function readable(codec: Codec, column: Sql): Sql {
  switch (codec.select) {
    case 'plain':
      return column
    case 'text':
      return sql`cast(${column} as text)`
    case 'safe':
      return readSafe(column)
  }
}

/** Reads integers that a double cannot hold as text. node:sqlite throws on them. */
export function readSafe(column: Sql): Sql {
  return sql`case when typeof(${column}) = 'integer' and (${column} > 9007199254740991 or ${column} < -9007199254740991) then cast(${column} as text) else ${column} end`
}

/** The `from` clause for statements that return whole rows, with the side table of versions if there is one. */
export function fromOf(layout: Layout, alias: string): Sql {
  const table = sql`${sql.id(layout.resource.table)} as ${sql.id(alias)}`
  if (layout.baseline === null || !layout.versioned) return table
  const version = `${alias}v`
  return sql`${table} left join _restuary_version as ${sql.id(version)} on ${sql.id(version, 'resource')} = ${sql.lit(
    layout.resource.name,
  )} and ${sql.id(version, 'id')} = ${idExpression(layout, alias)}`
}

/** The number of slots in a row. */
export function width(resource: Resource): number {
  return FIRST + resource.columns.length - 1
}
