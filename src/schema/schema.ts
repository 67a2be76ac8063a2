import type { ErrorWords, Issue } from '../protocol/error.ts'
import type { Ctx } from './field.ts'
import type { InputMode } from './read/input-mode.ts'
import type { Read } from './scalar-type.ts'
import type { JsonSchema } from './json-schema.ts'

/** Why a schema takes a value not. Values are plain data, so `instanceof Rejected` tells the two apart. */
export class Rejected {
  /** Everything that is wrong, the first first; pointers begin with `#`. */
  readonly issues: readonly Issue[]
  /** How the notation of the schema tells it, in the place of what is told otherwise. */
  readonly words: ErrorWords

  constructor(issues: readonly Issue[], words: ErrorWords = none) {
    this.issues = issues
    this.words = words
  }
}

const none: ErrorWords = Object.freeze({})

/**
 * A schema of an action, compiled once: field builders, a Standard Schema, what a notation compiled, or a mixture of them. The answer is the value, or why there is none; a promise only
 * where the library that checks needs to wait.
 */
export interface Schema {
  readonly kind: 'field' | 'members' | 'list' | 'standard' | 'notation'
  /** As it was declared, for documents. */
  readonly declared: unknown
  /** Members of an object whose members have schemas of their own, the item of a list; for documents. */
  readonly members?: ReadonlyMap<string, Schema>
  readonly item?: Schema
  /** The JSON Schema of what a notation compiled, made when it is asked for; for documents. */
  readonly json?: () => JsonSchema
  /** The check of one field in exact JSON types, by side, where it is all that is asked of a value that is there. */
  readonly exact?: { readonly input: Read; readonly output: Read } | null
  /** An expression that tells by a variable's name whether the check would give back what the variable holds. */
  readonly fits?: ((variable: string) => string) | null
  /** Reads a value that a caller sent: unknown members are refused, unless a notation has it otherwise. */
  input(value: unknown, mode: InputMode, ctx: Ctx): unknown
  /** Shapes a value of the application: of objects only own properties and getters that are named here. */
  output(value: unknown, ctx: Ctx): unknown
}
