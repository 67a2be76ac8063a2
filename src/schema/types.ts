import type { FieldDef, Id, ReadRow } from './field.ts'
import type { FileShown } from './file.ts'

/**
 * Words about a field on which types depend: `optional` = it may be left out, `readonly` = clients never write it, `secret` =
 * they never read it, `hidden` = they never see it, `link` = bodies at depth 1 leave it out, `text` = it has text operators,
 * `opaque` = a filter can only ask whether it is null, `json` = it is compared as a JSON value.
 */
export type Flag =
  | 'id'
  | 'optional'
  | 'nullable'
  | 'readonly'
  | 'secret'
  | 'hidden'
  | 'link'
  | 'text'
  | 'opaque'
  | 'json'
  | 'unfiltered'
  | 'unsorted'

/** What TypeScript knows about a field. It does not exist at run time. */
export interface FieldType {
  /**
   * `derived` = calculated, `back` = the single row on the other side of a one-to-one, `backs` = the list on the other side of
   * a to-one.
   */
  readonly kind: 'scalar' | 'derived' | 'one' | 'back' | 'backs' | 'many'
  readonly read: unknown
  readonly write: unknown
  readonly flags: string
  /** The related resource, and its field that points here. */
  readonly to: string
  readonly via: string
}

/** Any field of a declaration. */
export interface DeclaredField {
  readonly '~def': FieldDef
  readonly '~type': FieldType
}

export type Fields = Readonly<Record<string, DeclaredField>>

/** The caller in functions of a declaration, if no user resource gives it a type. */
export interface Me {
  readonly id: Id
  readonly [member: string]: unknown
}

/** What functions of a declaration get beside the row. */
export interface DeclarationContext<U = Me> {
  /** The caller. null = anonymous. */
  readonly me: U | null
  /** The credentials as the caller sent them. */
  readonly auth: Readonly<Record<string, unknown>>
  /** The time of the call, in milliseconds since the epoch. */
  readonly now: number
}

/** The result of a check: true, or what is wrong. */
export type CheckVerdict = true | string

/**
 * A stored field with values of type T. O are its flags, U is the type of the caller.
 *
 * @example
 * const text = t.text({ max: 500 }) // a Scalar<string>
 */
export interface Scalar<T, O extends string = never, U = Me> {
  readonly '~def': FieldDef
  readonly '~type': { kind: 'scalar'; read: T; write: T; flags: O; to: never; via: never }
  /** Sets the name of its column. Clients see the key in the declaration. */
  column(name: string): Scalar<T, O, U>
  /** Its former name: a database that still has it is renamed, and keeps the data. */
  was(...names: string[]): Scalar<T, O, U>
  /** Clients may not set it. */
  readonly(): Scalar<T, O | 'readonly', U>
  /** Hides it from clients: they cannot read, write, filter or sort by it. */
  hidden(): Scalar<T, O | 'hidden', U>
  /** It may be null. */
  nullable(): Scalar<T | null, O | 'nullable' | 'optional', U>
  /** The value in a new row if the client sends none. A function may return undefined for no value. */
  default(value: T | ((ctx: DeclarationContext<U>) => T | undefined)): Scalar<T, O | 'optional', U>
  /** No two rows have the same value. */
  unique(): Scalar<T, O, U>
  /** Adds an index to its column. */
  index(): Scalar<T, O, U>
  /**
   * Decides before each change whether it is allowed. `may` gets the row before the change; `uses` names the fields that it
   * reads.
   */
  writable<R = ReadRow>(
    may: boolean | ((row: R, ctx: DeclarationContext<U>) => boolean),
    uses?: readonly string[],
  ): Scalar<T, O, U>
  /** Checks new values, which are never null: `t.text().check(value => value !== 'admin' || 'is reserved')`. */
  check(test: (value: NonNullable<T>, ctx: DeclarationContext<U>) => CheckVerdict): Scalar<T, O, U>
  /** Whether rows may be sorted by it. Default: true if its values have an order. */
  sortable<const B extends boolean = true>(may?: B): Scalar<T, Switch<O, 'unsorted', B>, U>
  /** Whether rows may be filtered by it. Default: true. */
  filterable<const B extends boolean = true>(may?: B): Scalar<T, Switch<O, 'unfiltered', B>, U>
  /** Its title in documents and forms. */
  title(text: string): Scalar<T, O, U>
  /** Its description in documents. */
  describe(text: string): Scalar<T, O, U>
  /** Values to show in documents. */
  example(...values: T[]): Scalar<T, O, U>
}

/**
 * A file. It is read as information about the file, and written only by uploads. Writing null deletes it.
 *
 * @example
 * const photo = t.file({ types: ['image/*'] })
 */
export interface FileField<O extends string = never, U = Me> {
  readonly '~def': FieldDef
  readonly '~type': {
    kind: 'scalar'
    read: FileShown | null
    write: null
    flags: O | 'optional' | 'nullable' | 'opaque' | 'unsorted'
    to: never
    via: never
  }
  column(name: string): FileField<O, U>
  /** Its former name: a database that still has it is renamed, and keeps the data. */
  was(...names: string[]): FileField<O, U>
  /** Clients may download it, but not change it. */
  readonly(): FileField<O | 'readonly', U>
  hidden(): FileField<O | 'hidden', U>
  /** Decides before each change whether it is allowed. See {@link Scalar.writable}. */
  writable<R = ReadRow>(
    may: boolean | ((row: R, ctx: DeclarationContext<U>) => boolean),
    uses?: readonly string[],
  ): FileField<O, U>
  title(text: string): FileField<O, U>
  describe(text: string): FileField<O, U>
}

/**
 * A field that is calculated when the row is shown. It reads T and accepts W.
 *
 * @example
 * const name = t.calc({ of: t.text(), uses: ['first'], get: row => String(row['first']) })
 */
export interface Derived<T, W = never, O extends string = never> {
  readonly '~def': FieldDef
  readonly '~type': { kind: 'derived'; read: T; write: W; flags: O; to: never; via: never }
  readonly(): Derived<T, W, O | 'readonly'>
  hidden(): Derived<T, W, O | 'hidden'>
  check(test: (value: NonNullable<W>, ctx: DeclarationContext) => CheckVerdict): Derived<T, W, O>
  sortable<const B extends boolean = true>(may?: B): Derived<T, W, Switch<O, 'unsorted', B>>
  title(text: string): Derived<T, W, O>
  describe(text: string): Derived<T, W, O>
  example(...values: T[]): Derived<T, W, O>
}

/**
 * The number of rows in a to-many relation.
 *
 * @example
 * const open = t.count('todos')
 */
export interface Count<O extends string = 'optional' | 'readonly' | 'unfiltered' | 'unsorted'> {
  readonly '~def': FieldDef
  readonly '~type': { kind: 'derived'; read: number; write: never; flags: O; to: never; via: never }
  hidden(): Count<O | 'hidden'>
  sortable<const B extends boolean = true>(may?: B): Count<Switch<O, 'unsorted', B>>
  filterable<const B extends boolean = true>(may?: B): Count<Switch<O, 'unfiltered', B>>
  title(text: string): Count<O>
  describe(text: string): Count<O>
  example(...values: number[]): Count<O>
}

/**
 * A to-one relation to the resource K. Its foreign key is in this row.
 *
 * @example
 * const list = t.one('list', { onDelete: 'cascade' }) // a One<'list'>
 */
export interface One<K extends string, O extends string = never, U = Me> {
  readonly '~def': FieldDef
  readonly '~type': { kind: 'one'; read: unknown; write: unknown; flags: O; to: K; via: never }
  /** Sets the column of the foreign key. */
  column(name: string): One<K, O, U>
  /** Its former name: a database that still has it is renamed, and keeps the data. */
  was(...names: string[]): One<K, O, U>
  readonly(): One<K, O | 'readonly', U>
  hidden(): One<K, O | 'hidden', U>
  nullable(): One<K, O | 'nullable' | 'optional', U>
  /** The default: an id, or an object from which a related row is made for each new row. undefined or null = none. */
  default(value: RelatedInput | ((ctx: DeclarationContext<U>) => RelatedInput | undefined)): One<K, O | 'optional', U>
  unique(): One<K, O, U>
  index(): One<K, O, U>
  /** Decides before each change, from either side of the relation, whether it is allowed. See {@link Scalar.writable}. */
  writable<R = ReadRow>(
    may: boolean | ((row: R, ctx: DeclarationContext<U>) => boolean),
    uses?: readonly string[],
  ): One<K, O, U>
  sortable<const B extends boolean = true>(may?: B): One<K, Switch<O, 'unsorted', B>, U>
  filterable<const B extends boolean = true>(may?: B): One<K, Switch<O, 'unfiltered', B>, U>
  title(text: string): One<K, O, U>
  describe(text: string): One<K, O, U>
  example(...ids: Id[]): One<K, O, U>
}

/**
 * The other side of a to-one (`V` is that field), or a many-to-many relation. The table of this resource stores nothing for it.
 *
 * @example
 * const todos = t.back('todo', 'list')
 */
export interface ToMany<
  X extends 'back' | 'backs' | 'many',
  K extends string,
  V extends string,
  O extends string = never,
> {
  readonly '~def': FieldDef
  readonly '~type': { kind: X; read: unknown; write: unknown; flags: O; to: K; via: V }
  /** Its former name: a database that still has it is renamed, and keeps the data. */
  was(...names: string[]): ToMany<X, K, V, O>
  readonly(): ToMany<X, K, V, O | 'readonly'>
  hidden(): ToMany<X, K, V, O | 'hidden'>
  /** The related rows of a new row that names none: ids, or objects from which rows are made. */
  default(
    value: readonly RelatedInput[] | ((ctx: DeclarationContext) => readonly RelatedInput[] | undefined),
  ): ToMany<X, K, V, O>
  /** Decides before each change, from either side of the relation, whether it is allowed. See {@link Scalar.writable}. */
  writable<R = ReadRow>(
    may: boolean | ((row: R, ctx: DeclarationContext) => boolean),
    uses?: readonly string[],
  ): ToMany<X, K, V, O>
  sortable<const B extends boolean = true>(may?: B): ToMany<X, K, V, Switch<O, 'unsorted', B>>
  filterable<const B extends boolean = true>(may?: B): ToMany<X, K, V, Switch<O, 'unfiltered', B>>
  title(text: string): ToMany<X, K, V, O>
  describe(text: string): ToMany<X, K, V, O>
  example(...ids: (readonly Id[])[]): ToMany<X, K, V, O>
}

/** A related row in a declaration: an id, null, or the members of a row to make. */
export type RelatedInput = Id | null | Readonly<Record<string, unknown>>

type Switch<O extends string, F extends Flag, B> = B extends false ? O | F : Exclude<O, F>
