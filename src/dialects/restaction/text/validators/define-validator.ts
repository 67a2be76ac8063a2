import { noteRefusal } from '../report.ts'
import type { JsonSchema } from '../../../../schema/json-schema.ts'
import type { Parameters, Validator } from '../validator.ts'

/** What your own validator returns to refuse a value. */
class Refusal {
  readonly message: string

  constructor(message: string) {
    this.message = message
  }
}

export type { Refusal }

export interface ValidatorOptions {
  /** Whether `""` counts as an empty value. Default: false. */
  readonly string?: boolean
  /** The names of its parameters, in the order of positional arguments. A text with other parameters does not compile. */
  readonly params?: readonly string[]
  /** JSON Schema of the values that it returns, for documents. Default: any value, or any string. */
  readonly schema?: JsonSchema
}

/**
 * Makes the result with which your own validator refuses a value.
 *
 * @example
 * const even = defineValidator({}, value => (Number(value) % 2 === 0 ? value : invalid('not an even number')))
 */
export function invalid(message: string): Refusal {
  return new Refusal(message)
}

/**
 * Defines your own validator for schema texts. It returns the value, converted if necessary, or `invalid(…)`. It never gets
 * empty values: `optional`, `default` and `required` are handled before. If it throws, the request is answered with 500.
 * @example
 * const even = defineValidator({}, value => Number(value) % 2 === 0 ? value : invalid('not even number'))
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

/**
 * Makes a validator of strings from a pattern, which must match the whole string. Its message is `invalid <name>`.
 *
 * @example
 * api({ hello }, { validators: { plate: patternValidator('plate', /[A-Z]{1,3}-\d{1,4}/) } })
 */
export function patternValidator(name: string, pattern: RegExp, schema: JsonSchema = {}): Validator {
  const whole = new RegExp(`^(?:${pattern.source})$`, pattern.flags.replaceAll(/[gmy]/g, ''))
  return stringValidator(name, value => whole.test(value), schema)
}

/** Makes a validator of strings from a test. */
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
