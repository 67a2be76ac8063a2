import type { JsonSchema } from '../../../schema/json-schema.ts'
import type { Value } from '../../../schema/value.ts'
import type { TextCheck } from './report.ts'
import type { TextInput, TextOutput } from './types.ts'

/** The kind of a parameter's value. A flag accepts any value and is true or false like it, as in `&escape=1`. */
export type ParameterKind = 'number' | 'flag' | 'text' | 'any'

export type Parameters = Readonly<Record<string, Value>>

/** A validator that a text can name. */
export interface Validator {
  /** Whether `""` counts as an empty value, and is also the result for a missing one. */
  readonly string: boolean
  /** Its own parameters, in the order of positional arguments. */
  readonly params: Readonly<Record<string, ParameterKind>>
  /** Makes the check. It is called once per use in a text. Throws a RangeError for parameters that make no sense. */
  readonly check: (params: Parameters) => TextCheck
  /**
   * Makes the source of an expression about a variable, which may be true only for values that the check returns unchanged. It
   * must not contain anything but numbers from the parameters.
   */
  readonly fits?: (params: Parameters) => ((value: string) => string) | null
  /** JSON Schema of the values that it returns. */
  readonly schema: (params: Parameters) => JsonSchema
}

/**
 * Validators by the names that schema texts use.
 *
 * @example
 * api({ hello }, { validators: { even: defineValidator({}, value => value) } })
 */
export type Validators = Readonly<Record<string, Validator>>

// This is declared here because the options of an API refer to this file. Every program that declares an API therefore includes
// it.
declare module '../../../schema/infer.ts' {
  interface NotedTypes<S, Side extends 'input' | 'output'> {
    readonly restaction: Side extends 'input' ? TextInput<S> : TextOutput<S>
  }
}
