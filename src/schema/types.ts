import type { FieldDef, Id, ReadRow } from './field.ts'
import type { FileShown } from './file.ts'

/**
 * Words about a field that types depend on: what may be left out (`optional`), what clients never write (`readonly`),
 * never read (`secret`), never see at all (`hidden`), what a body at depth 1 leaves out (`link`), and which operators
 * a filter has for it (`text`, `opaque`: null or not, nothing else).
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
  | 'unfiltered'
  | 'unsorted'

/** What the type system knows of a field; nothing of it exists at run time. */
export interface FieldType {
  /** `derived` is computed, never stored; `back` is the one other side of a one-to-one, `backs` a list. */
  readonly kind: 'scalar' | 'derived' | 'one' | 'back' | 'backs' | 'many'
  readonly read: unknown
  readonly write: unknown
  readonly flags: string
  /** Resource at the other end, and the field there that points here. */
  readonly to: string
  readonly via: string
}

/** Any field of a declaration. */
export interface Field {
  readonly '~def': FieldDef
  readonly '~type': FieldType
}

export type Fields = Readonly<Record<string, Field>>

/** Who calls, as functions of a declaration see it where no user resource gave it a type. */
export interface Me {
  readonly id: Id
  readonly [member: string]: unknown
}

/** What functions of a declaration receive beside the row. */
export interface Context<U = Me> {
  /** Who calls, or null. */
  readonly me: U | null
  /** Whatever the caller handed over as credentials. */
  readonly auth: Readonly<Record<string, unknown>>
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** The answer of a check: true, or what is wrong. */
export type Verdict = true | string

/** A stored field with values of T; O are its flags, U is who calls. */
export interface Scalar<T, O extends string = never, U = Me> {
  readonly '~def': FieldDef
  readonly '~type': { kind: 'scalar'; read: T; write: T; flags: O; to: never; via: never }
  /** Stored name; the key of the declaration is the external one. */
  column(name: string): Scalar<T, O, U>
  /** Clients may not set it. */
  readonly(): Scalar<T, O | 'readonly', U>
  /** As if it were not there, for clients: neither shown nor set, filtered or sorted by. */
  hidden(): Scalar<T, O | 'hidden', U>
  nullable(): Scalar<T | null, O | 'nullable' | 'optional', U>
  /** The value of a new row that brings none; a function may return undefined for none. */
  default(value: T | ((ctx: Context<U>) => T | undefined)): Scalar<T, O | 'optional', U>
  unique(): Scalar<T, O, U>
  index(): Scalar<T, O, U>
  /** Asked before each change, with the row as it was; `uses` names the fields that it reads. */
  writable<R = ReadRow>(
    may: boolean | ((row: R, ctx: Context<U>) => boolean),
    uses?: readonly string[],
  ): Scalar<T, O, U>
  /** Holds new values, never null, to a condition of your own. */
  check(test: (value: NonNullable<T>, ctx: Context<U>) => Verdict): Scalar<T, O, U>
  sortable<const B extends boolean = true>(may?: B): Scalar<T, Switch<O, 'unsorted', B>, U>
  filterable<const B extends boolean = true>(may?: B): Scalar<T, Switch<O, 'unfiltered', B>, U>
  title(text: string): Scalar<T, O, U>
  describe(text: string): Scalar<T, O, U>
  example(...values: T[]): Scalar<T, O, U>
}

/** A file: read as what is known of it, written by uploads alone; null takes it away. */
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
  /** Clients may download it, not change it. */
  readonly(): FileField<O | 'readonly', U>
  hidden(): FileField<O | 'hidden', U>
  /** See {@link Scalar.writable}. */
  writable<R = ReadRow>(
    may: boolean | ((row: R, ctx: Context<U>) => boolean),
    uses?: readonly string[],
  ): FileField<O, U>
  title(text: string): FileField<O, U>
  describe(text: string): FileField<O, U>
}

/** A field computed from the row when it is shown: reads T, accepts W. */
export interface Derived<T, W = never, O extends string = never> {
  readonly '~def': FieldDef
  readonly '~type': { kind: 'derived'; read: T; write: W; flags: O; to: never; via: never }
  readonly(): Derived<T, W, O | 'readonly'>
  hidden(): Derived<T, W, O | 'hidden'>
  check(test: (value: NonNullable<W>, ctx: Context) => Verdict): Derived<T, W, O>
  sortable<const B extends boolean = true>(may?: B): Derived<T, W, Switch<O, 'unsorted', B>>
  title(text: string): Derived<T, W, O>
  describe(text: string): Derived<T, W, O>
  example(...values: T[]): Derived<T, W, O>
}

/** How many rows a to-many relation has. */
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

/** To-one: the foreign key lives here, K is the resource that it points to. */
export interface One<K extends string, O extends string = never, U = Me> {
  readonly '~def': FieldDef
  readonly '~type': { kind: 'one'; read: unknown; write: unknown; flags: O; to: K; via: never }
  /** Stored name of the foreign key. */
  column(name: string): One<K, O, U>
  readonly(): One<K, O | 'readonly', U>
  hidden(): One<K, O | 'hidden', U>
  nullable(): One<K, O | 'nullable' | 'optional', U>
  /** The id, or an object from which a related row is made for each new row; undefined or null = none. */
  default(value: Related | ((ctx: Context<U>) => Related | undefined)): One<K, O | 'optional', U>
  unique(): One<K, O, U>
  index(): One<K, O, U>
  /** Asked before each change, from whichever side it comes; see {@link Scalar.writable}. */
  writable<R = ReadRow>(may: boolean | ((row: R, ctx: Context<U>) => boolean), uses?: readonly string[]): One<K, O, U>
  sortable<const B extends boolean = true>(may?: B): One<K, Switch<O, 'unsorted', B>, U>
  filterable<const B extends boolean = true>(may?: B): One<K, Switch<O, 'unfiltered', B>, U>
  title(text: string): One<K, O, U>
  describe(text: string): One<K, O, U>
  example(...ids: Id[]): One<K, O, U>
}

/** The other side of a to-one (`V` is that field), or a many-to-many: nothing is stored in this resource's table. */
export interface ToMany<
  X extends 'back' | 'backs' | 'many',
  K extends string,
  V extends string,
  O extends string = never,
> {
  readonly '~def': FieldDef
  readonly '~type': { kind: X; read: unknown; write: unknown; flags: O; to: K; via: V }
  readonly(): ToMany<X, K, V, O | 'readonly'>
  hidden(): ToMany<X, K, V, O | 'hidden'>
  /** Related rows of a new row that names none: ids, or objects from which they are made. */
  default(value: readonly Related[] | ((ctx: Context) => readonly Related[] | undefined)): ToMany<X, K, V, O>
  /** Asked before each change, from whichever side it comes; see {@link Scalar.writable}. */
  writable<R = ReadRow>(
    may: boolean | ((row: R, ctx: Context) => boolean),
    uses?: readonly string[],
  ): ToMany<X, K, V, O>
  sortable<const B extends boolean = true>(may?: B): ToMany<X, K, V, Switch<O, 'unsorted', B>>
  filterable<const B extends boolean = true>(may?: B): ToMany<X, K, V, Switch<O, 'unfiltered', B>>
  title(text: string): ToMany<X, K, V, O>
  describe(text: string): ToMany<X, K, V, O>
  example(...ids: (readonly Id[])[]): ToMany<X, K, V, O>
}

/** A relation's value in a declaration: an id, nothing, or the members of a row to make. */
export type Related = Id | null | Readonly<Record<string, unknown>>

type Switch<O extends string, F extends Flag, B> = B extends false ? O | F : Exclude<O, F>
