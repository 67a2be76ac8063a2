import { noteRefusal } from './report.ts'
import type { JsonSchema } from '../../../schema/json-schema.ts'
import type { Parameters, Validator } from './validator.ts'

/** What a validator of one's own answers to refuse a value. */
class Refusal {
  readonly message: string

  constructor(message: string) {
    this.message = message
  }
}

export type { Refusal }

export interface ValidatorOptions {
  /** Whether `""` counts as empty. Default: false. */
  readonly string?: boolean
  /** Names of its parameters, in the order of positional arguments; a text that gives others does not compile. */
  readonly params?: readonly string[]
  /** Of the values that it gives, for documents. Default: any value, or any string. */
  readonly schema?: JsonSchema
}

/** Refuses a value from within a validator of one's own: `return invalid('not even number')`. */
export function invalid(message: string): Refusal {
  return new Refusal(message)
}

/**
 * A validator of one's own, to be named in schema texts: it answers the value, converted if need be, or `invalid(…)`.
 * Empty values never reach it: `optional`, `default` and `required` are seen to before. What it throws is a 500.
 */
export function defineValidator(
  options: ValidatorOptions,
  validate: (value: {}, params: Parameters) => unknown,
): Validator {
  const string = options.string ?? false
  const fallback: JsonSchema = string ? { type: 'string' } : {}
  return {
    string,
    params: Object.fromEntries((options.params ?? []).map(name => [name, 'any' as const])),
    check: params => (value, report) => {
      const out = validate(value as {}, params)
      return out instanceof Refusal ? noteRefusal(report, out.message) : out
    },
    schema: () => options.schema ?? fallback,
  }
}

/** A validator of strings by a pattern; `invalid <name>` is what it says. The pattern must match the whole string. */
export function patternValidator(name: string, pattern: RegExp, schema: JsonSchema = {}): Validator {
  const whole = new RegExp(`^(?:${pattern.source})$`, pattern.flags.replaceAll(/[gmy]/g, ''))
  return stringValidator(name, value => whole.test(value), schema)
}

/** A validator of strings by a test. */
export function stringValidator(name: string, test: (value: string) => boolean, schema: JsonSchema): Validator {
  return {
    string: true,
    params: {},
    check: () => (value, report) => {
      if (typeof value !== 'string') return noteRefusal(report, 'value must be string')
      return test(value) ? value : noteRefusal(report, `invalid ${name}`)
    },
    schema: () => ({ type: 'string', ...schema }),
  }
}
