import type { Id } from '../../schema/field.ts'
import type { Fields, FieldType } from '../../schema/types.ts'
import type { Maskable } from './masked.ts'

// Relations name their targets by strings in one flat map. Each type below looks at one resource at a time, and at a related
// one only where it is mentioned, so that the cost of a model grows only linearly with its size (scripts/type-budget.ts).
// Results come out of conditional types so that editors show their members, not the whole model as an argument.

/**
 * The flat map of an API, from the names of resources to their declarations.
 *
 * @example
 * const declared = { todo: resource({ id: t.id(), text: t.text() }) } satisfies Declarations
 */
// oxlint-disable-next-line typescript/no-explicit-any -- a narrower bound would be compared with each resource in full
export type Declarations = Readonly<Record<string, { readonly '~type': any }>>

/**
 * Refuses relations to resources or fields that do not exist, in the same words as linking: `api<M extends
 * Declarations>(resources: CheckedRelations<M> & M)`. The compiler prints the fault as the type that the resource should have.
 */
export type CheckedRelations<M> = {
  readonly [K in keyof M]: M[K] extends Handled ? M[K] : [Faults<M, K>] extends [never] ? M[K] : Faults<M, K>
}

/** Handled resources have no fields. */
type Handled = { readonly '~handled': unknown }
/** The resources of a map that have rows. */
export type Modelled<M> = 0 extends 1 & M
  ? string
  : Exclude<keyof M, { [K in keyof M]: M[K] extends Handled ? K : never }[keyof M]> & string

type Faults<M, K extends keyof M> = FaultsIn<M, K & string, FieldsIn<M, K>>
type FaultsIn<M, K extends string, F extends Fields> = {
  [P in keyof F & string]: Fault<M, `${K}.${P}`, F[P]['~type']>
}[keyof F & string]
type Fault<M, P extends string, T extends FieldType> = [T['to']] extends [keyof M]
  ? [T['via']] extends [keyof FieldsIn<M, T['to']>]
    ? never
    : `${P} goes back via ${T['to']}.${T['via']}, which does not exist`
  : `${P} refers to "${T['to']}", which is not declared`

/** The type of a resource's ids: number, or string for UUIDs and texts. */
export type IdOf<M, K> = K extends keyof M ? IdIn<FieldsIn<M, K>> : Id

type IdIn<F extends Fields> = F extends { readonly id: { readonly '~type': { flags: infer O; read: infer T } } }
  ? 'id' extends O
    ? T
    : IdNamed<F>
  : IdNamed<F>
/** The slower way, for ids that are not called `id`. */
type IdNamed<F extends Fields> = {
  [P in keyof F]: 'id' extends F[P]['~type']['flags'] ? F[P]['~type']['read'] : never
}[keyof F]

/**
 * A row as it is read at depth 1, with related rows as ids: `Row<Model, 'todo'>`. `Row<typeof todo>` needs no model, but then
 * the types of related ids are unknown.
 */
export type Row<M, K = never> = [K] extends [never]
  ? Shown<{}, FieldsOf<M>>
  : 0 extends 1 & M
    ? any // oxlint-disable-line typescript/no-explicit-any -- without a model, nothing is known of it
    : Shown<M, FieldsIn<M, K>>

/** A row of a resource with these fields, where the types of related ids are unknown. */
export type RowOfFields<F> = Shown<{}, F>

type Shown<M, F> = F extends Fields
  ? Maskable<
      F,
      {
        -readonly [P in keyof F as Without<P, F[P]['~type'], Unread | 'link'>]: FieldValue<
          F[P]['~type'],
          IdOf<M, F[P]['~type']['to']>
        >
      }
    >
  : never

/**
 * A row with related rows expanded: to a depth (`Expanded<M, 'todo', 2>`) or along paths (`'list.owner'`).
 *
 * @example
 * type Shown = Expanded<typeof declared, 'list', 'todos'> // its todos are rows, not ids
 */
export type Expanded<M, K, X extends number | string> = [X] extends [number]
  ? AtDepth<M, K, X>
  : Along<M, FieldsIn<M, K>, X & string>

/**
 * The relations that may be included, up to three steps: `list`, `list.owner`.
 *
 * @example
 * await app.get('list', 1, { include: ['todos.labels'] })
 */
export type Include<M, K> = Paths<M, FieldsIn<M, K>, 2>
type Paths<M, F extends Fields, N extends number> = { [P in keyof F & string]: Path<M, P, F[P]['~type'], N> }[keyof F &
  string]
type Path<M, P extends string, T extends FieldType, N extends number> = [
  T['to'] & Without<T['to'], T, 'hidden'>,
] extends [never]
  ? never
  : P | (N extends 0 ? never : `${P}.${Paths<M, FieldsIn<M, T['to']>, Less[N]>}`)

type AtDepth<M, K, D extends number> = D extends 0
  ? IdOf<M, K>
  : D extends 1
    ? Row<M, K>
    : Deep<M, FieldsIn<M, K>, Less[D]>
type Less = { [D in number]: number } & [never, 0, 1, 2, 3, 4, 5]

type Deep<M, F, D extends number> = F extends Fields
  ? Maskable<
      F,
      {
        -readonly [P in keyof F as Without<P, F[P]['~type'], Unread>]: FieldValue<
          F[P]['~type'],
          AtDepth<M, F[P]['~type']['to'], D>
        >
      }
    >
  : never

type Along<M, F, I extends string> = F extends Fields
  ? Maskable<
      F,
      {
        -readonly [
          P in keyof F as Without<P, F[P]['~type'], P extends First<I> ? Unread : Unread | 'link'>
        ]: FieldValue<
          F[P]['~type'],
          P extends First<I>
            ? Along<M, FieldsIn<M, F[P]['~type']['to']>, Rest<I, P & string>>
            : IdOf<M, F[P]['~type']['to']>
        >
      }
    >
  : never
type First<I extends string> = I extends `${infer P}.${string}` ? P : I
type Rest<I extends string, P extends string> = I extends `${P}.${infer R}` ? R : never

/** The type of a field's value, where V stands for a related row. */
export type FieldValue<T extends FieldType, V> = T['kind'] extends 'scalar' | 'derived'
  ? T['read']
  : T['kind'] extends 'one'
    ? 'nullable' extends T['flags']
      ? V | null
      : V
    : T['kind'] extends 'back'
      ? V | null
      : V[]

/**
 * What creates a row. Fields without a default that may not be null are required; all others are optional. Related rows are
 * ids, or objects of which they are created as well. X are keys that the parent fills in.
 *
 * @example
 * const trip: New<typeof declared, 'list'> = { title: 'Trip', todos: [{ text: 'pack' }] }
 */
export type New<M, K, X = never> = Create<M, FieldsIn<M, K>, X>

// It has a name, unlike the other results: it is recursive, and a declaration file can only write recursive types by name.
type Create<M, F extends Fields, X> = {
  -readonly [P in keyof F as Mandatory<P, F[P]['~type'], X>]: In<M, F[P]['~type']>
} & {
  -readonly [P in keyof F as Voluntary<P, F[P]['~type'], X>]?: In<M, F[P]['~type']>
}

/**
 * What changes a row: any of its fields that clients may write, except the id.
 *
 * @example
 * const change: Patch<typeof declared, 'todo'> = { done: true }
 */
export type Patch<M, K> = Change<M, FieldsIn<M, K>>

type Change<M, F> = F extends Fields
  ? {
      -readonly [P in keyof F as Without<P, F[P]['~type'], Unwritten | 'id'>]?: In<M, F[P]['~type']>
    }
  : never

/** What the application itself may set beside what callers may: readonly and hidden fields, but not what is derived. */
export type Own<M, K> = Reserved<M, FieldsIn<M, K>>

type Reserved<M, F> = F extends Fields
  ? { -readonly [P in keyof F as Kept<P, F[P]['~type']>]?: In<M, F[P]['~type']> }
  : never
type Kept<P, T extends FieldType> = T['kind'] extends 'derived'
  ? never
  : Exclude<Without<P, T, 'id'>, Without<P, T, Unwritten>>

/**
 * N, which creates rows with the fields F; if D lacks required ones, their names instead. So the compiler says what is missing in
 * one line, where it would print the whole model for N.
 */
export type Complete<F, N, D> = [Lacking<F, D>] extends [never] ? N : D & { readonly [P in Lacking<F, D>]: unknown }
type Lacking<F, D> = F extends Fields
  ? Exclude<keyof { [P in keyof F as Mandatory<P, F[P]['~type'], never>]: 0 }, keyof D>
  : never

type Mandatory<P, T extends FieldType, X> = Without<P, T, Unwritten> & Demanded<P, T, X>
type Voluntary<P, T extends FieldType, X> = Exclude<Without<P, T, Unwritten>, Demanded<P, T, X>>
type Demanded<P, T extends FieldType, X> = T['kind'] extends 'scalar' | 'one'
  ? Exclude<Without<P, T, 'optional'>, X>
  : never

type In<M, T extends FieldType> = T['kind'] extends 'scalar' | 'derived'
  ? T['write']
  : T['kind'] extends 'one'
    ? IdOf<M, T['to']> | New<M, T['to']> | ('nullable' extends T['flags'] ? null : never)
    : T['kind'] extends 'back'
      ? IdOf<M, T['to']> | New<M, T['to'], T['via']> | null
      : readonly (IdOf<M, T['to']> | New<M, T['to'], T['via']>)[]

export type Unread = 'hidden' | 'secret'
type Unwritten = 'hidden' | 'readonly'
/** P, unless the field has one of the flags O. */
export type Without<P, T extends FieldType, O extends string> = [T['flags'] & O] extends [never] ? P : never

export type FieldsOf<R> = R extends { readonly '~type': { readonly fields: infer F extends Fields } } ? F : never
export type FieldsIn<M, K> = K extends keyof M ? FieldsOf<M[K]> : never
