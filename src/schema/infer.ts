import type { StandardSchema } from './standard/standard.ts'
import type { Field, FieldType } from './types.ts'

/**
 * What schemas in the notation of a dialect stand for: a dialect adds a member of its name, for a schema S and a side of
 * it (`input`, what may be given; `output`, what validation gives).
 */
// oxlint-disable-next-line typescript/no-empty-object-type, no-unused-vars -- dialects fill it, with types made of S
export interface NotedTypes<S, Side extends 'input' | 'output'> {}

type Noted<S, Side extends 'input' | 'output'> = [keyof NotedTypes<S, Side>] extends [never]
  ? unknown
  : NotedTypes<S, Side>[keyof NotedTypes<S, Side>]

/** What may declare an action's input or output: builders, any Standard Schema, what a notation knows, or objects of these. */
export type AnySchema = StandardSchema | Field | string | readonly unknown[] | Readonly<Record<string, unknown>>

/** What a function gets of a schema, and what documents and clients see of an output: the value after validation. */
export type ValueOf<S> = unknown extends S
  ? any // oxlint-disable-line typescript/no-explicit-any -- nothing was declared, so nothing is known
  : S extends StandardSchema<any, infer O> // oxlint-disable-line typescript/no-explicit-any -- only the output is asked
    ? O
    : S extends { readonly '~type': infer T extends FieldType }
      ? Read<T>
      : S extends readonly [infer I]
        ? IsBuilt<I> extends true
          ? ValueOf<I>[]
          : Noted<S, 'output'>
        : IsBuilt<S> extends true
          ? { -readonly [P in keyof S]: ValueOf<S[P]> }
          : Noted<S, 'output'>

/** What a caller has to send for a schema. */
export type GivenOf<S> = unknown extends S
  ? any // oxlint-disable-line typescript/no-explicit-any -- nothing was declared, so nothing is known
  : S extends StandardSchema<infer I, any> // oxlint-disable-line typescript/no-explicit-any -- only the input is asked
    ? I
    : S extends { readonly '~type': infer T extends FieldType }
      ? Read<T> | (T['flags'] extends infer O ? ('optional' extends O ? undefined : never) : never)
      : S extends readonly [infer I]
        ? IsBuilt<I> extends true
          ? GivenOf<I>[]
          : Noted<S, 'input'>
        : IsBuilt<S> extends true
          ? { -readonly [P in keyof S as undefined extends GivenOf<S[P]> ? never : P]: GivenOf<S[P]> } & {
              -readonly [P in keyof S as undefined extends GivenOf<S[P]> ? P : never]?: GivenOf<S[P]>
            }
          : Noted<S, 'input'>

type Read<T extends FieldType> = T['kind'] extends 'one'
  ? number | string | ('nullable' extends T['flags'] ? null : never)
  : T['read']

/** Builders or Standard Schemas are among its members. */
type IsBuilt<S> = S extends StandardSchema | { readonly '~type': FieldType }
  ? true
  : S extends readonly unknown[] | string
    ? false
    : S extends object
      ? true extends { [P in keyof S]: IsBuilt<S[P]> }[keyof S]
        ? true
        : false
      : false
