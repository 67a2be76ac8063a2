import type { ReadRow } from './field.ts'
import type { BytesOptions } from './field-types/bytes.ts'
import type { DecimalOptions } from './field-types/decimal.ts'
import type { IdKind } from './field-types/id.ts'
import type { ListTypeOptions } from './field-types/list.ts'
import type { MomentOptions } from './field-types/moment.ts'
import type { NumberOptions } from './field-types/number.ts'
import type { TextTypeOptions } from './field-types/text.ts'
import type { CustomType, OperatorSet } from './scalar-type.ts'
import type { DeclarationContext, Count, Derived, DeclaredField, FileField, Me, One, Scalar, ToMany } from './types.ts'

/** The type of `t`: a function for each kind of field. U is the type of the caller in functions of the fields. */
export interface Builders<U = Me> {
  /** The key of the resource: counted integers, UUIDs of version 7 (RFC 9562), or integers of 64 bits, bytes or texts that clients choose. */
  id<const C extends boolean | 'put' = false>(options?: IdOptions<C>): IdField<'integer', C>
  id<const K extends IdKind, const C extends boolean | 'put' = false>(kind: K, options?: IdOptions<C>): IdField<K, C>
  /**
   * Text without control over its content: `t.text({ min: 1, max: 80 })`. Lengths are in code points. Default: at most
   * `limits.text`.
   */
  text(options?: TextTypeOptions): Scalar<string, 'text', U>
  /** An email address, as `<input type=email>` accepts it. */
  email(options?: Omit<TextTypeOptions, 'pattern'>): Scalar<string, 'text', U>
  /** An absolute http or https URL. */
  url: UrlBuilder<U>
  /** A finite number: `t.number({ min: 0 })`. */
  number(options?: NumberOptions): Scalar<number, never, U>
  /** A whole number that JavaScript can represent exactly. */
  integer(options?: NumberOptions): Scalar<number, never, U>
  /** An integer of 64 bits: a number as long as it is exact, beyond 2^53 its digits as text. */
  bigint(): Scalar<number | string, never, U>
  /** An exact decimal number. It is a text with `places` digits after the point, and at most 18 `digits` in all. */
  decimal(options: DecimalOptions): Scalar<string, never, U>
  /** true or false. */
  bool(): Scalar<boolean, never, U>
  /** A full-date of RFC 3339: `2024-02-29`. */
  date(options?: MomentOptions): Scalar<string, never, U>
  /** A date-time of RFC 3339. It is stored in UTC with milliseconds. */
  datetime(options?: MomentOptions): Scalar<string, never, U>
  /** One of these texts. */
  enum<const E extends readonly string[]>(values: E): Scalar<E[number], never, U>
  /**
   * Any JSON value. T is your type for it and is not checked at run time. `max` is the size of its text in bytes, also after a
   * patch. Default: `limits.body`.
   */
  json<T = unknown>(options?: { readonly max?: number }): Scalar<T, 'json' | 'unsorted', U>
  /** Bytes as base64 text. `max` is their number. */
  bytes(options?: BytesOptions): Scalar<string, 'unfiltered' | 'unsorted', U>
  /** A list of scalars in one column. Without an item its elements are any JSON values. */
  list<T>(item: ListItem<T>, options?: ListTypeOptions): Scalar<readonly T[], 'unsorted', U>
  list<T = unknown>(item?: null, options?: ListTypeOptions): Scalar<readonly T[], 'opaque' | 'unsorted', U>
  /**
   * A file. Its bytes have their own URI: `PUT /todo/7/photo`. The row shows what it is (see FileShown). null = there is none;
   * writing null deletes it.
   */
  file(options?: FileOptions): FileField<never, U>
  /** A type of your own, made with `defineType` (docs/guide/field-types.md). */
  custom<T, S extends OperatorSet>(type: CustomType<T, S>): Scalar<T, CustomFlag[S], U>
  /** A password. It can be written and never read. Lengths are in code points. Default: 8 to 1,024. */
  password(options?: { readonly min?: number; readonly max?: number }): Scalar<string, 'secret', U>
  /** The time at which the row was created or, with `on: 'write'`, last written. */
  now(options?: { readonly on?: 'create' | 'write' }): Scalar<string, 'optional' | 'readonly', U>
  /**
   * A field that is calculated by `get` when a row is shown. `set` turns a written value into values of other fields. Both must
   * be synchronous and must not have side effects. They see the fields in `uses` (default: all stored ones).
   * @example
   * t.calc({ of: t.text(), uses: ['first', 'last'], get: row => `${row['first']} ${row['last']}` })
   */
  calc<T, G extends T | null, W = T>(
    options: CalcOptions<T, G, U> & CalcSetter<W, U>,
  ): Derived<T | Extract<G, null>, W, 'optional' | 'unfiltered' | 'unsorted'>
  calc<T, G extends T | null>(options: CalcOptions<T, G, U>): Derived<T | Extract<G, null>, never, Shown>
  /** The number of rows in a to-many relation of the same resource. */
  count(relation: string): Count
  /**
   * A to-one relation: this row stores the id of the other. `inverse` names the field on the other side; without it the
   * relation is one-way. `symmetric` relates rows of the same resource to each other, as spouses are.
   */
  one<const K extends string>(to: K, options?: OneOptions): One<K, never, U>
  /** The other side of the to-one relation `via` of `to`: a list of rows or, with `one`, a single row. */
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
  /**
   * A many-to-many relation with `inverse`, and a one-way list without it. `symmetric` relates rows of the same resource to
   * each other, as neighbouring countries are.
   */
  many<const K extends string, const O extends ManyOptions = {}>(
    to: K,
    options?: O,
  ): ToMany<'many', K, never, Linked<O>>
}

/** `t.url`, and the URL of the row itself. */
export interface UrlBuilder<U = Me> {
  (options?: Omit<TextTypeOptions, 'pattern'>): Scalar<string, 'text', U>
  /** The URL of the row itself. It is relative unless it is `absolute`. */
  self(options?: { readonly absolute?: boolean }): Derived<string, never, Shown>
}

export interface IdOptions<C extends boolean | 'put' = boolean | 'put'> {
  /** Whether clients may choose the id: true = in POST and PUT, `put` = only by PUT. Default: false. */
  readonly client?: C
}

/**
 * The key of a resource, of kind K: counted integers, UUIDs or texts.
 *
 * @example
 * const id: IdField<'uuid', true> = t.id('uuid', { client: true })
 */
export type IdField<K extends IdKind, C> = Scalar<
  K extends 'integer' ? number : K extends 'bigint' ? number | string : string,
  | 'id'
  | (K extends 'text' ? 'text' : never)
  | (C extends true ? (K extends 'text' | 'bigint' | 'hex' ? never : 'optional') : 'optional' | 'readonly')
>

/** Options of `t.file`. */
export interface FileOptions {
  /** Largest size in bytes. Default: 10 MiB. */
  readonly max?: number
  /** Allowed media types, also as ranges: `['image/*', 'application/pdf']`. Default: any. */
  readonly types?: readonly string[]
}

/** What the operators of a custom type mean for filters and sort keys of its fields. */
interface CustomFlag {
  none: 'unfiltered' | 'unsorted'
  null: 'opaque' | 'unsorted'
  equality: never
  ordered: never
  text: 'text'
  list: 'unsorted'
  json: 'json' | 'unsorted'
}

type ItemFlag = 'text' | 'opaque' | 'json' | 'unsorted' | 'unfiltered'

/** What may be an element of a list: scalars without nullable, default, readonly or hidden. */
export interface ListItem<T> extends DeclaredField {
  readonly '~type': { kind: 'scalar'; read: T; write: T; flags: ItemFlag; to: never; via: never }
}

/** Options of `t.calc`. */
export interface CalcOptions<T, G, U = Me> {
  /** The type of the calculated values. */
  readonly of: DeclaredField & { readonly '~type': { kind: 'scalar'; read: T } }
  /** Calculates the value. It is declared as a method, so that the type of `row` may be narrowed to the members that are read. */
  get(row: ReadRow, ctx: DeclarationContext<U>): G
  readonly uses?: readonly string[]
}

export interface CalcSetter<W, U = Me> {
  set(row: ReadRow, value: W, ctx: DeclarationContext<U>): Readonly<Record<string, unknown>>
}

type Shown = 'optional' | 'readonly' | 'unfiltered' | 'unsorted'

/** Options of `t.one`. */
export interface OneOptions {
  /** The field of the target that shows the other side. */
  readonly inverse?: string
  /** Whether at most one row may point to a target (one-to-one). */
  readonly unique?: boolean
  readonly symmetric?: boolean
  /** What happens to this row when the target is deleted. Default: `null` if the field is nullable, else `restrict`. */
  readonly onDelete?: 'cascade' | 'restrict' | 'null'
}

/** Options of `t.back`. */
export interface BackOptions {
  readonly one?: boolean
  /**
   * Whether bodies at depth 1 contain the ids. With false the rows are reached by the nested collection, `include` and `depth`.
   * Default: true.
   */
  readonly ids?: boolean
}

/** Options of `t.many`. */
export interface ManyOptions {
  readonly inverse?: string
  readonly symmetric?: boolean
  /** See {@link BackOptions.ids}. */
  readonly ids?: boolean
  /** A join table that already exists, and its two columns. */
  readonly through?: { readonly table: string; readonly from: string; readonly to: string }
}

type Linked<O> = 'unsorted' | (O extends { readonly ids: false } ? 'link' : never)
