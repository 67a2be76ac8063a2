import type { StandardSchema } from './standard/standard.ts'
import type { DeclaredField, FieldType } from './types.ts'

/**
 * The types of schemas in the notation of a dialect. A dialect adds a member with its name, for a schema S and one of its
 * sides: `input` is what may be sent, `output` what validation returns.
 */
// oxlint-disable-next-line typescript/no-empty-object-type, no-unused-vars -- dialects fill it, with types made of S
export interface NotedTypes<S, Side extends 'input' | 'output'> {}

type Noted<S, Side extends 'input' | 'output'> = [keyof NotedTypes<S, Side>] extends [never]
  ? unknown
  : NotedTypes<S, Side>[keyof NotedTypes<S, Side>]

/**
 * What may declare an action's input or output: field builders, a Standard Schema, a notation of a dialect, or objects of
 * these.
 *
 * @example
 * action({ input: z.object({ why: z.string() }), run: ({ input }) => input.why })
 */
export type AnySchema = StandardSchema | DeclaredField | string | readonly unknown[] | Readonly<Record<string, unknown>>

/** The type of a value after validation. Functions get it as input; documents and clients see it as output. */
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

/** The type of what a caller has to send. */
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

/** Whether builders or Standard Schemas are among its members. */
type IsBuilt<S> = S extends StandardSchema | { readonly '~type': FieldType }
  ? true
  : S extends readonly unknown[] | string
    ? false
    : S extends object
      ? true extends { [P in keyof S]: IsBuilt<S[P]> }[keyof S]
        ? true
        : false
      : false
