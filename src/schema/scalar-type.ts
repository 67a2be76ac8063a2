import type { Limits } from '../protocol/limits.ts'
import type { JsonSchema } from './json-schema.ts'
import type { Refused } from './read/refused.ts'
import type { Value } from './value.ts'

/** A value as a database holds it. */
export type Stored = null | number | bigint | string | Uint8Array

/**
 * The filters that fields of a type have: `none`; `null` (null or not); `equality` (`eq ne in nin`, and sorting);
 * `ordered` (also `gt gte lt lte`); `text` (also `contains startsWith endsWith` and the like); `list` (`has size` …).
 */
export type OperatorSet = 'none' | 'null' | 'equality' | 'ordered' | 'text' | 'list'

/** Whether rows can be sorted by values of a type. */
export function hasOrder({ operators }: ScalarType): boolean {
  return operators === 'equality' || operators === 'ordered' || operators === 'text'
}

/** Reads a value of one source: the canonical value, or why there is none. */
export type Read = (value: unknown) => Value | Refused

/**
 * The type of a stored scalar, with its options applied: everything that Restuary knows of it. Made by `defineType`,
 * once per field of a declaration, so that nothing is looked up for a value.
 */
export interface ScalarType {
  readonly name: string
  readonly options: Readonly<Record<string, unknown>>
  /** Of JSON, and of what another source was turned into. Gives back the value itself where it is canonical already. */
  readonly check: Read
  /** Of text: a part of a path, a query, a form, CSV. */
  readonly readText: Read
  /** What turns values of other sources into what `check` judges, by the name of the source. */
  readonly coercions: Coercions
  readonly operators: OperatorSet
  /** Below, at or above zero as a is before, equal to or after b; both canonical, neither null. */
  readonly compare: (a: Value, b: Value) => number
  /** The same type without its bounds: one may ask for what lies outside them, and finds nothing. */
  readonly unbounded: () => ScalarType
  /** The same type held to the general limits where it has no bound of its own. */
  readonly limited: (limits: Limits) => ScalarType
  readonly sql: Column
  /** Of its values, as JSON shows them. */
  readonly schema: JsonSchema
  /** What of it no keyword of JSON Schema says, in words; empty if nothing. */
  readonly bounds: string
  /** A canonical value for documents; undefined if none is known. */
  readonly example: Value | undefined
  /** What JSON shows for a canonical value; null = the value itself. */
  readonly show: ((value: Value) => Value) | null
  /** How JSON is written; see {@link TypeDefinition.print}. */
  readonly print: Print
  /** A JavaScript date as a value; null if dates are none. */
  readonly fromDate: ((date: Date) => Value) | null
  /** The source of an expression; see {@link TypeDefinition.fits}. */
  readonly fits: ((variable: string) => string) | null
  /** How ids of the type come about; null if it is not the type of an id. */
  readonly key: 'integer' | 'uuid' | 'text' | null
  /** PATCH takes an object as a merge patch of its own (RFC 7396). */
  readonly merges: boolean
  /** Written, never read: hashed before it is stored. */
  readonly secret: boolean
  /** Of lists: the type of the items, and the check of a list whose items are read by a given function. */
  readonly list: { readonly item: ScalarType; readonly check: (value: unknown, read: Read) => Value | Refused } | null
  /** The `type` of an HTML input for it. */
  readonly input: string
  /** What is wrong with its options, and what to do about it. */
  readonly faults: () => readonly TypeFault[]
}

export type Print = 'raw' | 'quoted' | 'json'

/** By the name of a source: `text`, or that of a dialect. */
export type Coercions = Readonly<Record<string, ((value: unknown) => unknown) | undefined>>

export interface TypeFault {
  readonly problem: string
  readonly fix: string
}

/** How values are stored in a table of ours, and in one that somebody else made. */
export interface Column {
  /** The type of the column (https://sqlite.org/stricttables.html). */
  readonly column: 'INTEGER' | 'REAL' | 'TEXT' | 'BLOB'
  /** What the stored bytes mean; two kinds with one column type still need a conversion. */
  readonly kind: string
  /** Kinds whose stored values are values of this type, after a cast to its column at most. */
  readonly from: readonly string[]
  readonly encode: (value: Value) => Stored
  /** null: what the column holds is the value. Never called with null. */
  readonly decode: ((stored: Stored) => Value) | null
  /** How the column is selected: as it is, as text (integers that JavaScript cannot hold), or as text only where it must. */
  readonly select: 'plain' | 'text' | 'safe'
  /** In a table that somebody else made, where its values are kept in another way. */
  readonly foreign: Pick<Column, 'encode' | 'decode'> | null
}

/** What `defineType` takes. T are the canonical values, S the set of filters. Functions get no null and must not throw. */
export interface TypeDefinition<T extends Value, S extends OperatorSet> {
  /** One word: `color`. */
  readonly name: string
  /** What the type was made with, where it is a function that makes types. */
  readonly options?: object
  /** The canonical value, of which equal ones are one and the same; or `refuse(…)`. Must take what it gives. */
  readonly check: (value: unknown) => T | Refused
  /**
   * What turns the values of other sources into what `check` judges; what it cannot turn it gives back. `text`: parts of
   * paths, queries, forms, CSV. Others are input modes of dialects, by their names.
   */
  readonly coercions?: Coercions
  /** Default `ordered`. Types whose values are lists or objects have `null` at most. */
  readonly operators?: S
  readonly sql: ColumnDefinition<T>
  readonly schema: JsonSchema
  readonly bounds?: string
  readonly example?: T | undefined
  /** The order; the same as that of the stored values, by which it is made if nothing is given. */
  readonly compare?: (a: T, b: T) => number
  /** What JSON shows for a value, which `check` must take again. */
  readonly show?: (value: T) => Value
  /**
   * How JSON is written: `raw`, numbers and truth values alone; `quoted`, text in which no character is ever escaped;
   * `json`, anything. The first two are faster. Default `json`.
   */
  readonly print?: Print
  readonly fromDate?: (date: Date) => T
  /**
   * The source of an expression that is true only of values, named by a variable, that `check` would give back
   * unchanged. It becomes part of compiled code, so it may hold nothing but numbers of the options.
   */
  readonly fits?: (variable: string) => string
  /** Called once, when a filter is first read. */
  readonly unbounded?: () => ScalarType
  readonly limited?: (limits: Limits) => ScalarType
  /** Only for `t.id`. */
  readonly key?: 'integer' | 'uuid' | 'text'
  readonly merges?: boolean
  readonly secret?: boolean
  readonly list?: NonNullable<ScalarType['list']>
  /** The `type` of an HTML input; default `text`. */
  readonly input?: string
  readonly faults?: () => readonly TypeFault[]
}

export interface ColumnDefinition<T extends Value> {
  readonly column: Column['column']
  /** Default: the name of the type. */
  readonly kind?: string
  readonly from?: readonly string[]
  readonly encode?: (value: T) => Stored
  /** May throw for what it did not encode: columns of somebody else hold what they like, and are shown as they are then. */
  readonly decode?: (stored: Stored) => T
  /** The column is selected as text, as JavaScript cannot hold all that it holds. */
  readonly asText?: boolean
  readonly foreign?: Pick<Column, 'encode' | 'decode'>
}

/** A type for `t.custom`; nothing of `~type` exists at run time. */
export interface CustomType<T, S extends OperatorSet> extends ScalarType {
  readonly '~type': { readonly read: T; readonly operators: S }
}
