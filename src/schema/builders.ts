import type { ReadRow } from './field.ts'
import type { BytesOptions } from './field-types/bytes.ts'
import type { DecimalOptions } from './field-types/decimal.ts'
import type { IdKind } from './field-types/id.ts'
import type { ListOptions } from './field-types/list.ts'
import type { MomentOptions } from './field-types/moment.ts'
import type { NumberOptions } from './field-types/number.ts'
import type { TextOptions } from './field-types/text.ts'
import type { CustomType, OperatorSet } from './scalar-type.ts'
import type { Context, Count, Derived, Field, FileField, Me, One, Scalar, ToMany } from './types.ts'

/** The type of `t`: a function per kind of field. U is who calls, as functions of the fields see it. */
export interface Builders<U = Me> {
  /** The key of the resource: integers counted up, UUIDs of version 7 (RFC 9562), or text that clients choose. */
  id<const C extends boolean | 'put' = false>(options?: IdOptions<C>): IdField<'integer', C>
  id<const K extends IdKind, const C extends boolean | 'put' = false>(kind: K, options?: IdOptions<C>): IdField<K, C>
  text(options?: TextOptions): Scalar<string, 'text', U>
  email(options?: Omit<TextOptions, 'pattern'>): Scalar<string, 'text', U>
  url: UrlBuilder<U>
  number(options?: NumberOptions): Scalar<number, never, U>
  integer(options?: NumberOptions): Scalar<number, never, U>
  /** Exact: text with `places` digits behind the point, of at most 18 `digits` in all. */
  decimal(options: DecimalOptions): Scalar<string, never, U>
  bool(): Scalar<boolean, never, U>
  /** A full-date of RFC 3339: `2024-02-29`. */
  date(options?: MomentOptions): Scalar<string, never, U>
  /** A date-time of RFC 3339, kept in UTC with milliseconds. */
  datetime(options?: MomentOptions): Scalar<string, never, U>
  enum<const E extends readonly string[]>(values: E): Scalar<E[number], never, U>
  /**
   * Any JSON value; T is your word for it, not checked at run time. `max` counts the bytes of its text, of what a patch makes
   * of it as well; the default is `limits.body`.
   */
  json<T = unknown>(options?: { readonly max?: number }): Scalar<T, 'opaque' | 'unsorted', U>
  /** Bytes as base64 text; `max` counts bytes. */
  bytes(options?: BytesOptions): Scalar<string, 'unfiltered' | 'unsorted', U>
  /** A list of scalars in one column; without an item, of any JSON values. */
  list<T>(item: Item<T>, options?: ListOptions): Scalar<readonly T[], 'unsorted', U>
  list<T = unknown>(item?: null, options?: ListOptions): Scalar<readonly T[], 'opaque' | 'unsorted', U>
  /**
   * A file, whose bytes have a URI of their own: `PUT /todo/7/photo`. Rows show what it is (see FileShown), null without
   * one; null takes it away.
   */
  file(options?: FileOptions): FileField<never, U>
  /** A type of your own, made with `defineType` (docs/guide/field-types.md). */
  custom<T, S extends OperatorSet>(type: CustomType<T, S>): Scalar<T, CustomFlag[S], U>
  /** Written, never read. Lengths are in code points, 8 to 1,024 unless told otherwise. */
  password(options?: { readonly min?: number; readonly max?: number }): Scalar<string, 'secret', U>
  /** The moment of creation, or of the last write. */
  now(options?: { readonly on?: 'create' | 'write' }): Scalar<string, 'optional' | 'readonly', U>
  /**
   * Computed by `get` when a row is shown; `set` turns a value that a client writes into values of other fields.
   * Both are synchronous and pure, and see the fields that `uses` names (default: all stored ones).
   */
  calc<T, G extends T | null, W = T>(
    options: CalcOptions<T, G, U> & CalcSetter<W, U>,
  ): Derived<T | Extract<G, null>, W, 'optional' | 'unfiltered' | 'unsorted'>
  calc<T, G extends T | null>(options: CalcOptions<T, G, U>): Derived<T | Extract<G, null>, never, Shown>
  /** The number of rows in a to-many relation of the same resource. */
  count(relation: string): Count
  /** To-one. Without `inverse` it is one-way; `symmetric` relates a resource to itself both ways, as spouses are. */
  one<const K extends string>(to: K, options?: OneOptions): One<K, never, U>
  /** The other side of the to-one `via` of `to`: a list, or with `one` a single row. */
  back<const K extends string, const V extends string, const O extends BackOptions = {}>(
    to: K,
    via: V,
    options?: O,
  ): ToMany<
    O extends { readonly one: true } ? 'back' : 'backs',
    K,
    V,
    Linked<O> | (O extends { readonly one: true } ? 'nullable' : never)
  >
  /** Many-to-many with `inverse`, a one-way list without; `symmetric` as with borders. */
  many<const K extends string, const O extends ManyOptions = {}>(
    to: K,
    options?: O,
  ): ToMany<'many', K, never, Linked<O>>
}

export interface UrlBuilder<U = Me> {
  (options?: Omit<TextOptions, 'pattern'>): Scalar<string, 'text', U>
  /** The row's own address, relative unless `absolute`. */
  self(options?: { readonly absolute?: boolean }): Derived<string, never, Shown>
}

export interface IdOptions<C extends boolean | 'put' = boolean | 'put'> {
  /** May clients choose it: true, in POST and PUT; `put`, by PUT alone. */
  readonly client?: C
}

export type IdField<K extends IdKind, C> = Scalar<
  K extends 'integer' ? number : string,
  | 'id'
  | (K extends 'text' ? 'text' : never)
  | (C extends true ? (K extends 'text' ? never : 'optional') : 'optional' | 'readonly')
>

export interface FileOptions {
  /** Bytes; 10 MiB unless told otherwise. */
  readonly max?: number
  /** Media types and ranges of them: `['image/*', 'application/pdf']`. Default: any. */
  readonly types?: readonly string[]
}

/** What the filters of a custom type say of its fields. */
interface CustomFlag {
  none: 'unfiltered' | 'unsorted'
  null: 'opaque' | 'unsorted'
  equality: never
  ordered: never
  text: 'text'
  list: 'unsorted'
}

type ItemFlag = 'text' | 'opaque' | 'unsorted' | 'unfiltered'

/** What a list may hold: scalars as they come, without nullable, default, readonly or hidden. */
export interface Item<T> extends Field {
  readonly '~type': { kind: 'scalar'; read: T; write: T; flags: ItemFlag; to: never; via: never }
}

export interface CalcOptions<T, G, U = Me> {
  /** The type of its values. */
  readonly of: Field & { readonly '~type': { kind: 'scalar'; read: T } }
  /** A method, so that the row's parameter may be annotated with the members that are read. */
  get(row: ReadRow, ctx: Context<U>): G
  readonly uses?: readonly string[]
}

export interface CalcSetter<W, U = Me> {
  set(row: ReadRow, value: W, ctx: Context<U>): Readonly<Record<string, unknown>>
}

type Shown = 'optional' | 'readonly' | 'unfiltered' | 'unsorted'

export interface OneOptions {
  /** The field of the target that shows the other side. */
  readonly inverse?: string
  /** One-to-one: at most one row points to a target. */
  readonly unique?: boolean
  readonly symmetric?: boolean
  /** When the target is deleted; default: `null` where nullable, else `restrict`. */
  readonly onDelete?: 'cascade' | 'restrict' | 'null'
}

export interface BackOptions {
  readonly one?: boolean
  /** false: left out of bodies at depth 1, reached by the nested collection, `include` and `depth`. */
  readonly ids?: boolean
}

export interface ManyOptions {
  readonly inverse?: string
  readonly symmetric?: boolean
  /** See {@link BackOptions.ids}. */
  readonly ids?: boolean
  /** An existing join table and its two columns. */
  readonly through?: { readonly table: string; readonly from: string; readonly to: string }
}

type Linked<O> = 'unsorted' | (O extends { readonly ids: false } ? 'link' : never)
