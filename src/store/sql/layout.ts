import { ID, type Model, type Resource, type Row, type StoredField, type Value } from '../../model/model.ts'
import type { ForeignTable } from '../../model/declare/declaration.ts'
import type { ScalarType } from '../../schema/scalar-type.ts'
import { isComposed, keyForm, NTH, type KeyForm } from '../../model/key-text.ts'
import { PLAIN } from '../room.ts'
import type { Bind, Codec } from './codec.ts'
import type { ColumnForm, SqlDialect } from './dialect.ts'
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

/** What PostgreSQL knows of a table that another program has made. */
export interface PostgresFacts {
  /** The types of its columns, as `format_type` shows them: `character varying`, `integer[]`. */
  readonly types: Readonly<Record<string, string>>
  /** The sequence that numbers its rows, as SQL names it; null if there is none. */
  readonly sequence: string | null
  /** Its ids are `generated always as identity`: a row that brings its own has to say so. */
  readonly isIdentity: boolean
  /** Triggers or rules may make another row of what is written. */
  readonly hasTriggers: boolean
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
  /** Set for a foreign table in PostgreSQL. */
  readonly postgres: PostgresFacts | null
  /** How columns of a foreign table in PostgreSQL are read and compared, by slot. */
  readonly forms: ReadonlyMap<number, ColumnForm>
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
  /** What PostgreSQL knows of the tables of other programs. */
  readonly foreign?: ReadonlyMap<Resource, PostgresFacts>
}

/** Layouts of all resources. */
export function layoutsOf(model: Model, options: LayoutOptions): Layouts {
  return new Map([...model.resources.values()].map(resource => [resource, layoutOf(resource, options)]))
}

function layoutOf(resource: Resource, options: LayoutOptions): Layout {
  const { dialect, baseline, facts, versioned = true } = options
  const foreign = resource.options.foreign
  const postgres = options.foreign?.get(resource) ?? null
  const codecs: Codec[] = []
  const forms = new Map<number, ColumnForm>()
  for (const field of resource.columns) {
    codecs[field.slot] = foreign ? dialect.foreignCodec(field.type) : dialect.codec(field.type.sql)
    const isColumn = field.slot !== ID || foreign === null || !isComposed(foreign)
    const form = isColumn && postgres !== null ? dialect.form(field.type, postgres.types[field.column]) : null
    if (form !== null) forms.set(field.slot, form)
  }
  const composite = foreign !== null && isComposed(foreign)
  return Object.freeze({
    resource,
    dialect,
    codecs,
    decoders: codecs.flatMap((codec, slot) => (codec.decode ? [[slot, codec.decode] as const] : [])),
    key: composite ? foreign.key : null,
    keyForm: composite ? keyForm(foreign) : '',
    hasPlainId: !composite && idFormOf(resource) === 'plain',
    partsTell:
      composite &&
      !foreign.view &&
      (postgres === null ? foreign.key.every(column => isTold(resource, column, facts)) : !foreign.key.includes(NTH)),
    baseline: foreign ? baseline : null,
    versioned,
    readsBack: (foreign?.generated ?? []).length > 0 || postgres !== null || facts.hasTriggers(resource.table),
    postgres,
    forms,
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
        const how = foreign === null || postgres !== null ? null : comparedAs(field, foreign, facts)
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
