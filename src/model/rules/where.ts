import type { Fields, FieldType } from '../../schema/types.ts'
import type { FieldsIn, IdOf, Unread, Without } from '../declare/types.ts'

/**
 * A filter. All members must hold. `$` begins an operator. A to-one relation is compared with an id, or has a filter of its
 * own: `{ done: false, list: { title: { $contains: 'home' } } }`.
 */
export type Where<M, K> = Conditions<M, FieldsIn<M, K>> & Logic<M, K>

interface Logic<M, K> {
  readonly $and?: readonly Where<M, K>[]
  readonly $or?: readonly Where<M, K>[]
  readonly $not?: Where<M, K>
}

type Conditions<M, F extends Fields> = {
  readonly [P in keyof F as Without<P, F[P]['~type'], Unread | 'unfiltered'>]?: Condition<M, F[P]['~type']>
}

type Condition<M, T extends FieldType> = T['kind'] extends 'scalar' | 'derived'
  ? ScalarCondition<NonNullable<T['read']>, T['read'] & null, T['flags']>
  : T['kind'] extends 'backs' | 'many'
    ? Quantified<M, T['to']>
    : Compared<IdOf<M, T['to']>, 'nullable' extends T['flags'] ? null : never> | Where<M, T['to']>

/** V are the values. N is null if the field may be null. */
type ScalarCondition<V, N, O> = 'opaque' extends O
  ? N | Null
  : 'json' extends O
    ? N | Same
    : 'text' extends O
      ? V | N | Text<N>
      : [V] extends [boolean]
        ? boolean | N | Equal<boolean | N>
        : [V] extends [readonly (infer E)[]]
          ? N | Held<E>
          : Compared<V, N>

type Compared<V, N> = V | N | Ordered<V, N>

interface Null {
  readonly $null?: boolean
}

/** Of JSON values. */
interface Same extends Null {
  readonly $eq?: unknown
  readonly $ne?: unknown
}

interface Equal<V> extends Null {
  readonly $eq?: V
  /** Also true for null, because a comparison is either true or false, never unknown as in SQL. */
  readonly $ne?: V
  readonly $in?: readonly V[]
  readonly $nin?: readonly V[]
}

interface Ordered<V, N> extends Equal<V | N> {
  readonly $gt?: V
  readonly $gte?: V
  readonly $lt?: V
  readonly $lte?: V
}

/** Text operators. They have no wildcards. `$i…` ignores case. */
interface Text<N> extends Ordered<string, N> {
  readonly $contains?: string
  readonly $startsWith?: string
  readonly $endsWith?: string
  readonly $ieq?: string
  readonly $icontains?: string
  readonly $istartsWith?: string
  readonly $iendsWith?: string
}

interface Held<E> extends Null {
  readonly $has?: E
  readonly $hasAny?: readonly E[]
  readonly $hasAll?: readonly E[]
  readonly $size?: number
}

interface Quantified<M, K> {
  readonly $some?: Where<M, K>
  readonly $every?: Where<M, K>
  readonly $none?: Where<M, K>
  readonly $size?: number
}

/**
 * A sort key: a field, or a field at the end of at most two to-one relations (`list.owner.name`). A leading `-` sorts in
 * descending order.
 *
 * @example
 * await app.list('todo', { sort: ['-done', 'list.title'] })
 */
export type Sort<M, K> = Direction<Keys<M, FieldsIn<M, K>, 2>>

type Direction<P extends string> = P | `-${P}`
type Keys<M, F extends Fields, N extends number> = {
  [P in keyof F & string]: Key<M, Without<P, F[P]['~type'], Unread | 'unsorted'> & string, F[P]['~type'], N>
}[keyof F & string]
type Key<M, P extends string, T extends FieldType, N extends number> =
  | P
  | (T['kind'] extends 'one'
      ? N extends 0
        ? never
        : `${P}.${Keys<M, FieldsIn<M, T['to']>, N extends 2 ? 1 : 0>}`
      : never)
