import type { ErrorWords, Issue } from '../protocol/error.ts'
import type { Ctx } from './field.ts'
import type { InputMode } from './read/input-mode.ts'
import type { ReadValue } from './scalar-type.ts'
import type { JsonSchema } from './json-schema.ts'

/** Why a schema refuses a value. Values are plain data, so `instanceof Rejected` distinguishes the two. */
export class Rejected {
  /** All faults, in order. Their pointers begin with `#`. */
  readonly issues: readonly Issue[]
  /** How the notation of the schema words the problem, in place of the usual words. */
  readonly words: ErrorWords

  constructor(issues: readonly Issue[], words: ErrorWords = none) {
    this.issues = issues
    this.words = words
  }
}

const none: ErrorWords = Object.freeze({})

/**
 * The compiled schema of an action: field builders, a Standard Schema, a notation of a dialect, or a mixture of them. `input`
 * and `output` return the value, or a Rejected. They return a promise only if a library does.
 */
export interface Schema {
  readonly kind: 'field' | 'members' | 'list' | 'standard' | 'notation'
  /** The schema as declared, for documents. */
  readonly declared: unknown
  /** The members of an object, if they have schemas of their own, or the item of a list. For documents. */
  readonly members?: ReadonlyMap<string, Schema>
  readonly item?: Schema
  /** Makes the JSON Schema of what a notation compiled, for documents. */
  readonly json?: () => JsonSchema
  /** The check of a single field in exact JSON types. null = a value needs more than this check. */
  readonly exact?: { readonly input: ReadValue; readonly output: ReadValue } | null
  /** Makes the source of an expression that is true if the check would return the variable's value unchanged. */
  readonly fits?: ((variable: string) => string) | null
  /** Reads a value from a caller. Unknown members are refused, unless the notation ignores them. */
  input(value: unknown, mode: InputMode, ctx: Ctx): unknown
  /**
   * Shapes a value of the application. Of an object it takes only the declared members, which may be own properties or getters.
   */
  output(value: unknown, ctx: Ctx): unknown
}
