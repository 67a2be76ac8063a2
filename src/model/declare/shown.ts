import type { Fields, FieldType } from '../../schema/types.ts'
import type { Maskable } from './masked.ts'
import type { Expanded, FieldsIn, FieldValue, IdOf, Row, Unread, Without } from './types.ts'

// Paths are checked as they are typed, one step at a time. So a model costs what is used of it: a union of all paths would grow
// with the square of the model, and an editor would print it in full.

/** A row as a query shows it. F are its `fields`, I its `include`, D its `depth`; never = not given. Without a model it is any. */
export type Selected<M, K, F extends string, I extends string, D> = 0 extends 1 & M
  ? any // oxlint-disable-line typescript/no-explicit-any -- nothing is known of it
  : SelectedOf<M, K, F, I, D>
type SelectedOf<M, K, F extends string, I extends string, D> = [F] extends [never]
  ? [I] extends [never]
    ? [D] extends [1]
      ? Row<M, K>
      : Expanded<M, K, D & number>
    : [D] extends [1]
      ? Expanded<M, K, I>
      : Look<M, FieldsIn<M, K>, never, I, D>
  : [I, D] extends [never, 1]
    ? Picked<M, FieldsIn<M, K>, F>
    : Look<M, FieldsIn<M, K>, F, I, D>

/** `fields`, `include` and `depth` together. A relation is shown as rows if a field path, an include or the depth says so. */
type Look<M, F, P extends string, I extends string, D> = F extends Fields
  ? Maskable<
      F,
      {
        -readonly [
          X in keyof F as [P] extends [never]
            ? Without<X, F[X]['~type'], X extends Head<I> ? Unread : D extends 2 | 3 ? Unread : Unread | 'link'>
            : X extends Head<P>
              ? X
              : never
        ]: FieldValue<
          F[X]['~type'],
          Beyond<
            M,
            F[X]['~type']['to'],
            Tail<P, X & string>,
            X extends Head<I> ? true : D extends 2 | 3 ? true : false,
            Tail<I, X & string>,
            D
          >
        >
      }
    >
  : never
type Beyond<M, K, P extends string, Open, I extends string, D> = [P] extends [never]
  ? Open extends true
    ? Look<M, FieldsIn<M, K>, never, I, Lower<D>>
    : IdOf<M, K>
  : Look<M, FieldsIn<M, K>, P, I, Lower<D>>
type Lower<D> = D extends 3 ? 2 : 1

type Picked<M, F, P extends string> = F extends Fields
  ? Maskable<
      F,
      { -readonly [X in keyof F as X extends Head<P> ? X : never]: PickedOf<M, F[X]['~type'], Tail<P, X & string>> }
    >
  : never
type PickedOf<M, T extends FieldType, P extends string> = FieldValue<
  T,
  [P] extends [never] ? IdOf<M, T['to']> : Picked<M, FieldsIn<M, T['to']>, P>
>
type Head<P extends string> = P extends `${infer X}.${string}` ? X : P
type Tail<P extends string, X extends string> = P extends `${X}.${infer R}` ? R : never

/** P if it is a path of `fields`: `id`, `list.owner.name`. Otherwise the names that could stand where it goes wrong. */
export type CheckedField<M, K, P extends string> =
  P extends PathIn<M, FieldsIn<M, K>, P> ? P : PathIn<M, FieldsIn<M, K>, P>
type PathIn<M, F extends Fields, P extends string> = P extends `${infer X}.${infer R}`
  ? X extends RelationIn<F>
    ? `${X}.${PathIn<M, FieldsIn<M, F[X]['~type']['to']>, R>}`
    : NameIn<F>
  : NameIn<F>
// `keyof` and not an indexed access: editors then print the names, not this type with all fields as its argument.
type NameIn<F extends Fields> = keyof { [X in keyof F & string as Without<X, F[X]['~type'], Unread>]: 0 }
type RelationIn<F extends Fields> = keyof {
  [X in keyof F & string as [F[X]['~type']['to']] extends [never] ? never : Without<X, F[X]['~type'], 'hidden'>]: 0
}

/** P if it is a path of `include`: `list`, `list.owner`. */
export type CheckedInclude<M, K, P extends string> =
  P extends RelatedIn<M, FieldsIn<M, K>, P> ? P : RelatedIn<M, FieldsIn<M, K>, P>
type RelatedIn<M, F extends Fields, P extends string> = P extends `${infer X}.${infer R}`
  ? X extends RelationIn<F>
    ? `${X}.${RelatedIn<M, FieldsIn<M, F[X]['~type']['to']>, R>}`
    : RelationIn<F>
  : RelationIn<F>

/** P if it is a sort key: `rank`, `-list.title`. */
export type CheckedSort<M, K, P extends string> = P extends `-${infer R}`
  ? R extends KeyIn<M, FieldsIn<M, K>, R>
    ? P
    : `-${KeyIn<M, FieldsIn<M, K>, R>}`
  : P extends KeyIn<M, FieldsIn<M, K>, P>
    ? P
    : KeyIn<M, FieldsIn<M, K>, P> | `-${KeyIn<M, FieldsIn<M, K>, P>}`
type KeyIn<M, F extends Fields, P extends string> = P extends `${infer X}.${infer R}`
  ? X extends OneIn<F>
    ? `${X}.${KeyIn<M, FieldsIn<M, F[X]['~type']['to']>, R>}`
    : SortableIn<F>
  : SortableIn<F>
type SortableIn<F extends Fields> = keyof {
  [X in keyof F & string as Without<X, F[X]['~type'], Unread | 'unsorted'>]: 0
}
type OneIn<F extends Fields> = keyof {
  [
    X in keyof F & string as F[X]['~type']['kind'] extends 'one'
      ? Without<X, F[X]['~type'], Unread | 'unsorted'>
      : never
  ]: 0
}
