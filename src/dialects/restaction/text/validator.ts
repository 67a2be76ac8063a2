import type { JsonSchema } from '../../../schema/json-schema.ts'
import type { Value } from '../../../schema/value.ts'
import type { TextCheck } from './report.ts'
import type { TextInput, TextOutput } from './types.ts'

/** What a parameter must hold: flags take any value and go by its truth, as in `&escape=1`. */
export type ParameterKind = 'number' | 'flag' | 'text' | 'any'

export type Parameters = Readonly<Record<string, Value>>

/** One validator that a text can name. */
export interface Validator {
  /** Whether `""` counts as empty, and `""` stands for nothing. */
  readonly string: boolean
  /** Its own parameters in the order of positional arguments. */
  readonly params: Readonly<Record<string, ParameterKind>>
  /** Called once per mention in a text; throws a RangeError for parameters that make no sense. */
  readonly check: (params: Parameters) => TextCheck
  /**
   * The source of an expression that is true only of values, named by a variable, that the check would answer unchanged.
   * It may hold nothing but numbers of the parameters.
   */
  readonly fits?: (params: Parameters) => ((value: string) => string) | null
  /** Of the values that it gives. */
  readonly schema: (params: Parameters) => JsonSchema
}

export type Validators = Readonly<Record<string, Validator>>

// Here because the options of an API refer to this file, so that whoever declares one has it in the program.
declare module '../../../schema/infer.ts' {
  interface NotedTypes<S, Side extends 'input' | 'output'> {
    readonly restaction: Side extends 'input' ? TextInput<S> : TextOutput<S>
  }
}
