/** The types of schema texts, as far as TypeScript can read them. What it cannot read is `unknown`. */

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

/** The type after validation: `int&optional` → `number | null`, `str&optional` → `string` (which is `""` if it is missing). */
export type TextOutput<S, Shared extends SharedTexts = {}> = Of<S, Shared, 'out'>

/** The type of the input: `int&optional` → `number | undefined`. */
export type TextInput<S, Shared extends SharedTexts = {}> = Of<S, Shared, 'in'>

type Side = 'in' | 'out'

type Of<S, Shared, D extends Side> = unknown extends S
  ? unknown
  : S extends string
    ? OfText<S, Shared, D>
    : S extends readonly [infer Item]
      ? Of<Item, Shared, D>[]
      : S extends readonly [infer Self, infer Item]
        ? Of<Item, Shared, D>[] | Absent<Self, null, D>
        : S extends readonly unknown[]
          ? unknown
          : Flat<Merged<SelfOf<S>, Shared, D> & Members<S, Shared, D>> | Absent<SelfOf<S>, null, D>

type Members<S, Shared, D extends Side> = {
  [K in keyof S as MayLack<K, S[K], Shared, D> extends true ? never : FieldName<K, S[K]>]: OfField<K, S[K], Shared, D>
} & {
  [K in keyof S as MayLack<K, S[K], Shared, D> extends true ? FieldName<K, S[K]> : never]?: OfField<K, S[K], Shared, D>
}

type OfField<K, V, Shared, D extends Side> = V extends object ? Of<V, Shared, D> : OfText<Behind<K>, Shared, D>

/** The name of a field. A nested schema has it as key; otherwise it is before the validator. `$self` is no field. */
type FieldName<K, V> = K extends `$self${string}` ? never : V extends object ? K : K extends string ? Before<K> : never

/** Whether a member may be missing. That is so only in the input; the result of validation has all members. */
type MayLack<K, V, Shared, D extends Side> = D extends 'out'
  ? false
  : unknown extends OfField<K, V, Shared, D>
    ? false
    : undefined extends OfField<K, V, Shared, D>
      ? true
      : false

type OfText<T, Shared, D extends Side> = T extends string
  ? string extends T
    ? unknown
    : Trim<T> extends `@${infer To}`
      ? OfShared<Head<To>, Shared, D> | Absent<T, null, D>
      : Scalar<Head<Named<T>>, T, D>
  : unknown

type OfShared<Name extends string, Shared, D extends Side> = Name extends keyof Shared
  ? Of<Shared[Name], Shared, D>
  : unknown

type Scalar<N extends string, T extends string, D extends Side> = N extends keyof Scalars
  ? Scalars[N] | (HasDefault<T> extends true ? Given<D> : Absent<T, Scalars[N] extends string ? never : null, D>)
  : unknown

type Given<D extends Side> = D extends 'in' ? undefined : never

/** The type of a missing optional value. */
type Absent<T, Nothing, D extends Side> = IsOptional<T> extends true ? (D extends 'in' ? undefined : Nothing) : never

type IsOptional<T> = T extends `${string}&${Space}optional${infer Rest}`
  ? Trim<Rest> extends '' | `&${string}` | `=${Space}true${string}`
    ? true
    : false
  : false

type HasDefault<T> = T extends `${string}&${Space}default${infer Rest}`
  ? Trim<Rest> extends `=${Space}null${string}` | `=${Space}""${string}`
    ? false
    : true
  : false

/** The `$self` of a dict. Without one it is empty. */
type SelfOf<S> = [Extract<keyof S, `$self${string}`>] extends [never] ? '' : Extract<keyof S, `$self${string}`>

type Merged<Self, Shared, D extends Side> = Self extends `${string}@${infer To}`
  ? To extends `${infer Name}@${infer More}`
    ? Exclude<OfShared<Head<Name>, Shared, D>, null | undefined> & Merged<`@${More}`, Shared, D>
    : Exclude<OfShared<Head<To>, Shared, D>, null | undefined>
  : unknown

/** The name of a field: the text before the first `?` or `@`. */
type Before<K extends string> = First<K, '?'> extends infer Name extends string ? Trim<First<Name, '@'>> : never

/** The validator in a key: the text after the first `?`, or from the `@` before it. */
type Behind<K> = K extends `${infer Name}?${infer Text}`
  ? Name extends `${string}@${infer To}`
    ? `@${To}?${Text}`
    : Text
  : K extends `${string}@${infer To}`
    ? `@${To}`
    : never

/** The text without a key, which has no meaning before a scalar. */
type Named<T extends string> = T extends `${infer Key}?${infer Text}`
  ? Key extends `${string}${'(' | '&'}${string}`
    ? T
    : Text
  : T

type Head<T extends string> = Trim<First<First<T, '&'>, '('>>
type First<T extends string, Mark extends string> = T extends `${infer Start}${Mark}${string}` ? Start : T
type Space = '' | ' '
type Trim<T extends string> = T extends ` ${infer Rest}` ? Trim<Rest> : T extends `${infer Rest} ` ? Trim<Rest> : T
type Flat<T> = { -readonly [K in keyof T]: T[K] }
