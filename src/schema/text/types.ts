/** The types that a schema text stands for, as far as TypeScript can read it; what it cannot read is `unknown`. */

interface Scalars {
  int: number
  float: number
  bool: boolean
  str: string
  date: string
  time: string
  datetime: string
  email: string
  url: string
  ipv4: string
  ipv6: string
  phone: string
  idcard: string
}

/** Shared schemas as they are declared. */
export type SharedTexts = Readonly<Record<string, unknown>>

/** What validation gives: `int&optional` → `number | null`, `str&optional` → `string` (it is `""` then). */
export type TextOutput<S, Shared extends SharedTexts = {}> = Of<S, Shared, 'out'>

/** What may be given: `int&optional` → `number | undefined`; what is left out is undefined. */
export type TextInput<S, Shared extends SharedTexts = {}> = Of<S, Shared, 'in'>

type Side = 'in' | 'out'

type Of<S, Shared, D extends Side> = unknown extends S
  ? unknown
  : S extends string
    ? OfText<S, Shared, D>
    : S extends readonly [infer Item]
      ? Of<Item, Shared, D>[]
      : S extends readonly [infer Self, infer Item]
        ? Of<Item, Shared, D>[] | (Self extends string ? Absent<Self, null, D> : never)
        : S extends object
          ? OfDict<S, Shared, D>
          : unknown

type OfDict<S extends object, Shared, D extends Side> =
  | Flat<Merged<SelfOf<S>, Shared, D> & Members<S, Shared, D>>
  | Absent<SelfOf<S>, null, D>

type Members<S extends object, Shared, D extends Side> = {
  [K in keyof S as Required<K, S[K], D> extends true ? FieldName<K, S[K]> : never]: OfField<K, S[K], Shared, D>
} & { [K in keyof S as Required<K, S[K], D> extends true ? never : FieldName<K, S[K]>]?: OfField<K, S[K], Shared, D> }

type OfField<K, V, Shared, D extends Side> = V extends object
  ? Of<V, Shared, D>
  : K extends string
    ? OfText<Behind<K>, Shared, D>
    : never

/** A nested schema is named plainly; otherwise the name stands before the validator. `$self` names nothing. */
type FieldName<K, V> = K extends `$self${string}`
  ? never
  : V extends object
    ? K
    : K extends `${infer Before}${'?' | '@'}${string}`
      ? Trim<First<First<K & string, '?'>, '@'> extends infer N extends string ? N : Before>
      : never

/** Only what is given may lack members; what validation gives has them all. */
type Required<K, V, D extends Side> = D extends 'out'
  ? true
  : V extends object
    ? undefined extends Of<V, {}, D>
      ? false
      : true
    : K extends string
      ? [Absent<K, never, 'in'>, Defaulted<K>] extends [never, false]
        ? true
        : false
      : true

type OfText<T extends string, Shared, D extends Side> =
  Trim<T> extends `@${infer To}`
    ? Of<Shared extends Record<Head<To>, infer S> ? S : unknown, Shared, D> | Absent<T, null, D>
    : Scalar<Head<Name<T>>, T, D>

type Scalar<N extends string, T extends string, D extends Side> = N extends keyof Scalars
  ?
      | Scalars[N]
      | (Defaulted<T> extends true
          ? D extends 'in'
            ? undefined
            : never
          : Absent<T, Scalars[N] extends string ? never : null, D>)
  : unknown

/** What an optional one is when it is left out. */
type Absent<T extends string, Nothing, D extends Side> =
  IsOptional<T> extends true ? (D extends 'in' ? undefined : Nothing) : never

type IsOptional<T extends string> = T extends `${string}&${Space}optional${infer Rest}`
  ? Trim<Rest> extends '' | `&${string}` | `=${Space}true${string}`
    ? true
    : false
  : false

type Defaulted<T extends string> = T extends `${string}&${Space}default${infer Rest}`
  ? Trim<Rest> extends `=${Space}null${string}` | `=${Space}""${string}`
    ? false
    : true
  : false

type SelfOf<S> = keyof S extends infer K ? (K extends `$self${string}` ? K : never) : never

type Merged<Self, Shared, D extends Side> = Self extends `${string}@${infer To}`
  ? (Shared extends Record<Head<First<To, '@'>>, infer S> ? Exclude<Of<S, Shared, D>, null | undefined> : unknown) &
      (To extends `${string}@${infer More}` ? Merged<`@${More}`, Shared, D> : unknown)
  : unknown

/** The validator of a key, from its `?` (left out) or its `@` (kept) on. */
type Behind<K extends string> = K extends `${infer Before}?${infer Text}`
  ? Before extends `${string}@${infer To}`
    ? `@${To}?${Text}`
    : Text
  : K extends `${string}@${infer To}`
    ? `@${To}`
    : never

/** A key before the name of a scalar says nothing. */
type Name<T extends string> = T extends `${infer Before}?${infer After}`
  ? Before extends `${string}${'(' | '&'}${string}`
    ? T
    : After
  : T

type Head<T extends string> = Trim<First<First<T, '&'>, '('>>
type First<T extends string, Mark extends string> = T extends `${infer Before}${Mark}${string}` ? Before : T
type Space = '' | ' '
type Trim<T extends string> = T extends ` ${infer Rest}` ? Trim<Rest> : T extends `${infer Rest} ` ? Trim<Rest> : T
type Flat<T> = unknown extends T ? T : { [K in keyof T]: T[K] }
