import { AT, ID, SEQ, type Model, type Resource, type Row, type StoredField, type Value } from '../../model/model.ts'
import type { ForeignTable } from '../../model/declare/declaration.ts'
import type { ScalarType } from '../../schema/scalar-type.ts'
import { isComposed, keyForm, type KeyForm } from '../../model/key-text.ts'
import { PLAIN } from '../room.ts'
import { foreignCodec, type Bind, type Codec } from './codec.ts'
import type { SqlDialect } from './dialect.ts'
import { sql, type Sql } from './kysely.ts'
import { idFormOf } from './stored-id.ts'

/** The version of the rows of another program's table. Rows have it until they are changed here. */
export interface Baseline {
  readonly seq: number
  readonly at: number
}

/** Facts about tables that SQLite knows and the model does not. */
export interface TableFacts {
  /** The column turns text that looks like a number into one. */
  isNumeric(table: string, column: string): boolean
  hasTriggers(table: string): boolean
  /** An index begins with the column. */
  isIndexed(table: string, column: string): boolean
  /** A constraint of the table ignores a conflicting write, or deletes the other row (`UNIQUE ON CONFLICT REPLACE`). */
  hidesConflicts(table: string): boolean
  /** Deletions or changes cascade to other tables along foreign keys that are not relations of the model. */
  hasCascades(table: string): boolean
}

/** How the rows of a resource are read and written in SQL. It is made once, at start. */
export interface Layout {
  readonly resource: Resource
  /** How the database that has the table writes SQL. */
  readonly dialect: SqlDialect
  /** Codecs by slot. The slots of the version have none. */
  readonly codecs: readonly Codec[]
  /** How slots are decoded after reading. Most slots need no decoding and are not listed. */
  readonly decoders: readonly (readonly [slot: number, decode: (stored: Bind) => Value])[]
  /** The key columns of a foreign table with a composite key; null if the id is a column. */
  readonly key: readonly string[] | null
  /** How the columns of such a key store their values. */
  readonly keyForm: KeyForm
  /** The id is the value of a column as it is. */
  readonly hasPlainId: boolean
  /** Whether the parts of an id can be compared with the columns of the key. Otherwise the whole id is computed and compared. */
  readonly partsTell: boolean
  /** Set for tables of other programs. Their versions are in a side table, or are not stored at all. */
  readonly baseline: Baseline | null
  /** Whether that side table exists. */
  readonly versioned: boolean
  /** How the slots of a foreign table are compared. Slots that are not listed are compared as they are stored. */
  readonly compared: ReadonlyMap<number, Compared>
  /** The slots of a foreign table that hold JSON. */
  readonly json: ReadonlySet<number>
  /** Slots of a new row that the database may fill: computed columns, and columns with a default of the database. */
  readonly filled: ReadonlySet<number>
  /** Triggers or computed columns may change a row while it is written, so it is read again after each write. */
  readonly readsBack: boolean
  /** Foreign keys without an index. A search for the rows with one value reads the whole table. */
  readonly unindexed: ReadonlySet<StoredField>
  /** The table ignores conflicts or replaces rows, so that writes must ask for a failure (`OR ABORT`). */
  readonly hidesConflicts: boolean
  /** Writes to the table may change rows of other tables. */
  readonly hasEffects: boolean
  /** The most that a row can take, as a room counts it. Infinity where the types of its fields do not say. */
  readonly mostBytes: number
}

/**
 * How a column is compared if not as SQLite would do it:
 * - `shown`: by the value that the row shows, because the column holds values of several types;
 * - `text`: the same for a field of text;
 * - `binary`: by code points, whatever the collation of the column;
 * - `number`: the same, in a column that turns text that looks like a number into a number;
 * - `json`: the JSON text `null` counts as null.
 */
export type Compared = 'shown' | 'text' | 'binary' | 'number' | 'json'

export type Layouts = ReadonlyMap<Resource, Layout>

/** A database, as far as layouts depend on it. */
export interface LayoutOptions {
  readonly dialect: SqlDialect
  readonly baseline: Baseline
  readonly facts: TableFacts
  /** Whether there is a side table of versions; not where the database is only read. Default: true. */
  readonly versioned?: boolean
}

/** Layouts of all resources. */
export function layoutsOf(model: Model, options: LayoutOptions): Layouts {
  return new Map([...model.resources.values()].map(resource => [resource, layoutOf(resource, options)]))
}

function layoutOf(resource: Resource, { dialect, baseline, facts, versioned = true }: LayoutOptions): Layout {
  const foreign = resource.options.foreign
  const codecs: Codec[] = []
  for (const field of resource.columns)
    codecs[field.slot] = foreign ? foreignCodec(field.type) : dialect.codec(field.type.sql)
  const composite = foreign !== null && isComposed(foreign)
  return Object.freeze({
    resource,
    dialect,
    codecs,
    decoders: codecs.flatMap((codec, slot) => (codec.decode ? [[slot, codec.decode] as const] : [])),
    key: composite ? foreign.key : null,
    keyForm: composite ? keyForm(foreign) : '',
    hasPlainId: !composite && idFormOf(resource) === 'plain',
    partsTell: composite && !foreign.view && foreign.key.every(column => isTold(resource, column, facts)),
    baseline: foreign ? baseline : null,
    versioned,
    readsBack: (foreign?.generated ?? []).length > 0 || facts.hasTriggers(resource.table),
    unindexed: new Set(
      foreign
        ? resource.columns.filter(({ is, column }) => is === 'one' && !facts.isIndexed(resource.table, column))
        : [],
    ),
    hidesConflicts: facts.hidesConflicts(resource.table),
    hasEffects: facts.hasTriggers(resource.table) || facts.hasCascades(resource.table),
    filled: new Set(resource.columns.filter(field => field.filled !== null).map(({ slot }) => slot)),
    mostBytes: resource.columns.reduce((sum, { type }) => sum + (foreign ? Infinity : mostBytes(type)), 2 * PLAIN),
    json: new Set(foreign ? resource.columns.filter(({ type }) => isJson(type)).map(({ slot }) => slot) : []),
    compared: new Map(
      resource.columns.flatMap(field => {
        const how = foreign && comparedAs(field, foreign, facts)
        return how === null ? [] : [[field.slot, how] as const]
      }),
    ),
  })
}

/**
 * Whether a part of an id can be compared with its column. The part is text, so the column has to convert it to a number, hold
 * nothing but text or blobs, or be one whose parts distinguish text from numbers.
 */
function isTold({ columns, table, options }: Resource, column: string, facts: TableFacts): boolean {
  if (options.foreign?.untyped?.includes(column)) return true
  const type = columns.find(field => field.slot !== ID && field.column === column)?.type.sql.column
  if (options.foreign?.mixed?.includes(column)) return false
  return type === 'TEXT' ? !facts.isNumeric(table, column) : type === 'BLOB' || facts.isNumeric(table, column)
}

/** The most that a value can take in JavaScript. A code point has two units at most. */
function mostBytes({ sql: { column }, schema: { maxLength } }: ScalarType): number {
  if (column !== 'TEXT' && column !== 'BLOB') return PLAIN
  return typeof maxLength === 'number' ? 2 * maxLength : Infinity
}

const isJson = ({ sql }: ScalarType): boolean => sql.kind === 'json' || sql.kind === 'list'

function comparedAs(
  { column, type, owner, slot }: StoredField,
  foreign: ForeignTable,
  facts: TableFacts,
): Compared | null {
  const isText = type.sql.column === 'TEXT'
  if (isJson(type)) return 'json'
  if (foreign.mixed?.includes(column)) return type.operators === 'text' ? 'text' : 'shown'
  if (!isText) return null
  if (slot === ID && isComposed(foreign)) return 'binary'
  return facts.isNumeric(owner.table, column) ? 'number' : 'binary'
}

/** The SQL expression by which a field is compared in filters, orders and cursors. */
export function comparedOf(layout: Layout, field: StoredField, alias: string): Sql {
  const column = columnExpression(layout, field, alias)
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

/** The SQL of a row's id. A composite key becomes one text, `a~b`. */
export function idExpression(layout: Layout, alias: string): Sql {
  if (layout.key === null) return sql.id(alias, layout.resource.id.column)
  return composedKey(layout, column => sql.id(alias, column))
}

/** The SQL of an id that is made of the columns of the key. */
export function composedKey({ key, keyForm }: Layout, at: (column: string) => Sql): Sql {
  return sql`restuary_key(${sql.lit(keyForm)}, ${sql.join(key!.map(at))})`
}

/** The id as the side table of versions has it. */
function versionId(layout: Layout, alias: string): Sql {
  const id = idExpression(layout, alias)
  return codecAt(layout, ID).column === 'BLOB' ? sql`lower(hex(${id}))` : id
}

/** The SQL of a stored field. The id is an expression of its own, because it may be made of several columns. */
export function columnExpression(layout: Layout, field: StoredField, alias: string): Sql {
  return field.slot === ID ? idExpression(layout, alias) : sql.id(alias, field.column)
}

/** The columns in the order of the slots. So the array that SQLite returns is a row. */
export function rowOf(layout: Layout, alias: string, idOnly: boolean = false): Sql {
  const columns: Sql[] = []
  for (const field of layout.resource.columns) {
    const isWanted = !idOnly || field.slot === ID
    columns[field.slot] = isWanted ? readable(layout, field.slot, columnExpression(layout, field, alias)) : sql`null`
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

function readable(layout: Layout, slot: number, column: Sql): Sql {
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
  source: Sql = sql.id(layout.resource.table),
  index: string | null = null,
): Sql {
  const table = sql`${source} as ${sql.id(alias)}${index === null ? sql`` : sql` indexed by ${sql.id(index)}`}`
  if (layout.baseline === null || !layout.versioned) return table
  const version = `${alias}v`
  return sql`${table} left join _restuary_version as ${sql.id(version)} on ${sql.id(version, 'resource')} = ${sql.lit(
    layout.resource.name,
  )} and ${sql.id(version, 'id')} = ${versionId(layout, alias)}`
}

/** How the values of a slot are stored. */
export function codecAt({ codecs, resource }: Layout, slot: number): Codec {
  const codec = codecs[slot]
  if (!codec) throw new Error(`${resource.name} stores nothing in slot ${slot}`)
  return codec
}

/** The stored field of a slot. */
export function fieldAt({ resource }: Layout, slot: number): StoredField {
  const field = resource.columns.find(field => field.slot === slot)
  if (!field) throw new Error(`${resource.name} has no field in slot ${slot}`)
  return field
}

/** Decodes a row in place. The array from the database is the row; only values that are stored in another form are replaced. */
export function decode(layout: Layout, row: Row | undefined): Row | undefined {
  if (row === undefined) return undefined
  for (const [slot, decoded] of layout.decoders) {
    const value = row[slot]
    if (value !== null) row[slot] = decoded(value as Bind)
  }
  return row
}

export function decodeAll(layout: Layout, rows: Row[]): Row[] {
  if (layout.decoders.length > 0) for (const row of rows) decode(layout, row)
  return rows
}
