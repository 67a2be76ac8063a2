import type { ShownOrder } from '../protocol/outline.ts'
import type { Limits } from '../protocol/limits.ts'
import type { JsonSchema } from './json-schema.ts'
import type { Refused } from './read/refused.ts'
import type { Value } from './value.ts'

/** A value as a database stores it. */
export type StoredValue = null | number | bigint | string | Uint8Array

/**
 * The filter operators that fields of a type have: `none`, `null` (null or not), `equality` (`eq ne in nin`, and sorting),
 * `ordered` (also `gt gte lt lte`), `text` (also `contains startsWith endsWith` and others), `list` (`has size` and others), or
 * `json` (`eq ne` as JSON values, and `null`).
 */
export type OperatorSet = 'none' | 'null' | 'equality' | 'ordered' | 'text' | 'list' | 'json'

/** Whether rows can be sorted by values of a type. */
export function hasOrder({ operators }: ScalarType): boolean {
  return operators === 'equality' || operators === 'ordered' || operators === 'text'
}

/** Reads a value from one source. Returns its canonical form, or why there is none. */
export type ReadValue = (value: unknown) => Value | Refused

/**
 * The type of a stored scalar with its options applied: everything that Restuary knows about it. `defineType` makes one for
 * each field of a declaration, so that nothing is looked up when a value is read.
 */
export interface ScalarType {
  readonly name: string
  readonly options: Readonly<Record<string, unknown>>
  /**
   * Checks values from JSON, and values that were converted from other sources. Returns the value itself if it is canonical
   * already.
   */
  readonly check: ReadValue
  /** Reads text: part of a path, a query, a form or CSV. */
  readonly readText: ReadValue
  /** Functions that convert values of other sources for `check`, by the name of the source. */
  readonly coercions: Coercions
  readonly operators: OperatorSet
  /** Compares two canonical values, neither of them null. Negative if a comes before b, zero if they are equal, else positive. */
  readonly compare: (a: Value, b: Value) => number
  /** How its values compare as JSON shows them. null = only a server that knows the type can tell. */
  readonly shownOrder: ShownOrder | null
  /** The same type without bounds. A query may ask for a value outside of them, and simply finds nothing. */
  readonly unbounded: () => ScalarType
  /** The same type with the general limits, where it has no bounds of its own. */
  readonly limited: (limits: Limits) => ScalarType
  readonly sql: Column
  /** JSON Schema of its values as JSON shows them. */
  readonly schema: JsonSchema
  /** Bounds that no keyword of JSON Schema expresses, in words. Empty = none. */
  readonly bounds: string
  /** A canonical value for documents. undefined = none is known. */
  readonly example: Value | undefined
  /** Makes what JSON shows for a canonical value. null = JSON shows the value itself. */
  readonly show: ((value: Value) => Value) | null
  /** How JSON is written. See {@link TypeDefinition.print}. */
  readonly print: Print
  /** Makes a value of a JavaScript date. null = the type has no moments. */
  readonly fromDate: ((date: Date) => Value) | null
  /** The source of an expression. See {@link TypeDefinition.fits}. */
  readonly fits: ((variable: string) => string) | null
  /** How ids of the type come about; null if it is not the type of an id. */
  readonly key: 'integer' | 'bigint' | 'uuid' | 'text' | 'hex' | null
  /** PATCH takes an object as a merge patch of its own (RFC 7396). */
  readonly merges: boolean
  /** Whether the value can be written and never read. It is hashed before it is stored. */
  readonly secret: boolean
  /** Only for lists: the type of the items, and a check of the list that reads its items with a given function. */
  readonly list: {
    readonly item: ScalarType
    readonly check: (value: unknown, read: ReadValue) => Value | Refused
  } | null
  /** The `type` of an HTML input for it. */
  readonly input: string
  /** The faults of its options. */
  readonly faults: () => readonly TypeFault[]
}

export type Print = 'raw' | 'quoted' | 'json'

/** Conversions by the name of their source: `text`, or a mode of a dialect. */
export type Coercions = Readonly<Record<string, ((value: unknown) => unknown) | undefined>>

/** What is wrong with a type, and what to do. */
export interface TypeFault {
  readonly problem: string
  readonly fix: string
}

/** How values are stored, in our own tables and in tables of other programs. */
export interface Column {
  /** The type of the column (https://sqlite.org/stricttables.html). */
  readonly column: 'INTEGER' | 'REAL' | 'TEXT' | 'BLOB'
  /** The meaning of the stored value. Two kinds may share a column type and still need a conversion between them. */
  readonly kind: string
  /** Kinds whose stored values can be used for this type without a conversion, except for a cast to the column type. */
  readonly from: readonly string[]
  readonly encode: (value: Value) => StoredValue
  /** `encode` changes nothing: the column contains the value itself. */
  readonly isPlain: boolean
  /** Makes a value of what the column contains. null = the column contains the value itself. It is never called with null. */
  readonly decode: ((stored: StoredValue) => Value) | null
  /**
   * How the column is selected: `plain` = as it is, `text` = as text, because JavaScript cannot represent all its integers,
   * `safe` = as text only if it must be.
   */
  readonly select: 'plain' | 'text' | 'safe'
  /** How values are stored in tables of other programs, if that differs. */
  readonly foreign: Pick<Column, 'encode' | 'decode'> | null
  /** How PostgreSQL stores the values, if it has a type of its own for them. */
  readonly postgres: PostgresColumn | null
}

/** A column of PostgreSQL. */
export interface PostgresColumn extends Pick<Column, 'encode' | 'decode'> {
  /** The type, as `format_type` shows it: `numeric(18,2)`. */
  readonly type: string
}

/**
 * The argument of `defineType`. T is the type of canonical values, S the set of operators. The functions never get null and
 * must not throw.
 */
export interface TypeDefinition<T extends Value, S extends OperatorSet> {
  /** One word, such as `color`. */
  readonly name: string
  /** The options with which a function made the type. */
  readonly options?: object
  /**
   * Returns the canonical value, which is the same for equal values, or `refuse(…)`. It must accept the values that it returns.
   */
  readonly check: (value: unknown) => T | Refused
  /**
   * Convert values of other sources for `check`, by the name of the source. A value that they cannot convert they return as it
   * is. `text` is parts of paths, queries, forms and CSV. Other names are input modes of dialects.
   */
  readonly coercions?: Coercions
  /** Default: `ordered`. A type whose values are lists or objects can have `none` or `null`. */
  readonly operators?: S
  readonly sql: ColumnDefinition<T>
  readonly schema: JsonSchema
  readonly bounds?: string
  readonly example?: T | undefined
  /** Compares two values. It must sort like the stored values. Default: compares the stored values. */
  readonly compare?: (a: T, b: T) => number
  /**
   * How values compare as JSON shows them, so that clients can sort as well. Default: that of the column, for types with no
   * `compare`, `show` and `encode` of their own.
   */
  readonly shownOrder?: ShownOrder
  /** Makes what JSON shows for a value. `check` must accept it. */
  readonly show?: (value: T) => Value
  /**
   * How JSON is written: `raw` = only numbers and booleans, `quoted` = text in which no character needs escaping, `json` =
   * anything. The first two are faster. Default: `json`.
   */
  readonly print?: Print
  readonly fromDate?: (date: Date) => T
  /**
   * Returns the source of an expression about a variable. It may be true only for values that `check` would return unchanged.
   * It becomes part of compiled code, so it must not contain anything but numbers from the options.
   */
  readonly fits?: (variable: string) => string
  /** Makes the type without bounds. It is called once, when a filter first needs it. */
  readonly unbounded?: () => ScalarType
  readonly limited?: (limits: Limits) => ScalarType
  /** Only for `t.id`. */
  readonly key?: 'integer' | 'bigint' | 'uuid' | 'text' | 'hex'
  readonly merges?: boolean
  readonly secret?: boolean
  readonly list?: NonNullable<ScalarType['list']>
  /** The `type` of an HTML input. Default: `text`. */
  readonly input?: string
  readonly faults?: () => readonly TypeFault[]
}

/** How values of a type are stored. */
export interface ColumnDefinition<T extends Value> {
  readonly column: Column['column']
  /** The meaning of the stored value. Default: the name of the type. */
  readonly kind?: string
  readonly from?: readonly string[]
  readonly encode?: (value: T) => StoredValue
  /**
   * Makes a value of what the column contains. It may throw for something that `encode` did not write. A column of another
   * program may contain anything, and is then shown as it is.
   */
  readonly decode?: (stored: StoredValue) => T
  /** The column is selected as text, or where it must be, as JavaScript cannot hold all that it holds. */
  readonly read?: 'text' | 'safe'
  readonly foreign?: Pick<Column, 'encode' | 'decode'>
  /**
   * The type of the column in PostgreSQL, as `format_type` shows it, if not that of `column`. It must sort like the stored
   * values. What it reads and shows is what `encode` returns, unless it has functions of its own.
   */
  readonly postgres?: Pick<PostgresColumn, 'type'> & Partial<PostgresColumn>
}

/** A type for `t.custom`. `~type` does not exist at run time. */
export interface CustomType<T, S extends OperatorSet> extends ScalarType {
  readonly '~type': { readonly read: T; readonly operators: S }
}
