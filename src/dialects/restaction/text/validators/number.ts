import { noteRefusal, type TextCheck } from '../report.ts'
import type { Parameters, Validator } from '../validator.ts'

const integral = /^[+-]?\d+(?:_\d+)*$/
const decimal = /^[+-]?(?:\d+(?:_\d+)*(?:\.(?:\d+(?:_\d+)*)?)?|\.\d+(?:_\d+)*)(?:e[+-]?\d+(?:_\d+)*)?$/i
const infinite = /^([+-]?)inf(?:inity)?$/i
const latin1 = new TextDecoder('latin1')

/** Whole numbers that JSON numbers represent exactly. The original has 64 bits, which every reader of JSON would round. */
export const int: Validator = {
  string: false,
  params: { min: 'number', max: 'number' },
  check(params): TextCheck {
    const { min, max } = rangeOf(params, Number.MAX_SAFE_INTEGER)
    const low = `value must >= ${whole(min)}`
    const high = `value must <= ${whole(max)}`
    return (value, report) => {
      const number = typeof value === 'number' ? Math.trunc(value) : toInteger(value)
      if (number >= min && number <= max) return number
      if (!Number.isFinite(number)) return noteRefusal(report, 'invalid int')
      return noteRefusal(report, number < min ? low : high)
    }
  },
  fits(params) {
    const { min, max } = rangeOf(params, Number.MAX_SAFE_INTEGER)
    return value =>
      `typeof ${value} === 'number' && ${value} >= ${min} && ${value} <= ${max} && Number.isInteger(${value})`
  },
  schema: params => ({ type: 'integer', ...bounds(params, 'minimum', 'maximum') }),
}

/** Finite numbers. NaN is refused, because JSON cannot represent it. */
export const float: Validator = {
  string: false,
  params: { min: 'number', max: 'number', exmin: 'flag', exmax: 'flag' },
  check(params): TextCheck {
    const { min, max } = rangeOf(params, Number.MAX_VALUE)
    const exmin = params['exmin'] === true
    const exmax = params['exmax'] === true
    const low = `value must ${exmin ? '>' : '>='} ${whole(min)}`
    const high = `value must ${exmax ? '<' : '<='} ${whole(max)}`
    return (value, report) => {
      const number = typeof value === 'number' ? value : toFloat(value)
      if (number !== number) return noteRefusal(report, 'invalid float')
      if (exmin ? number <= min : number < min) return noteRefusal(report, low)
      if (exmax ? number >= max : number > max) return noteRefusal(report, high)
      return number
    }
  },
  fits(params) {
    const { min, max } = rangeOf(params, Number.MAX_VALUE)
    const [low, high] = [params['exmin'] === true ? '>' : '>=', params['exmax'] === true ? '<' : '<=']
    return value => `typeof ${value} === 'number' && ${value} ${low} ${min} && ${value} ${high} ${max}`
  },
  schema: params => ({
    type: 'number',
    ...bounds(
      params,
      params['exmin'] === true ? 'exclusiveMinimum' : 'minimum',
      params['exmax'] === true ? 'exclusiveMaximum' : 'maximum',
    ),
  }),
}

/** true and false, but not texts that mean them. */
export const boolValidator: Validator = {
  string: false,
  params: {},
  check: () => (value, report) => (typeof value === 'boolean' ? value : noteRefusal(report, 'invalid bool')),
  fits: () => value => `typeof ${value} === 'boolean'`,
  schema: () => ({ type: 'boolean' }),
}

/** Converts a value to an integer. NaN = it is none. */
function toInteger(value: unknown): number {
  if (typeof value === 'boolean' || typeof value === 'bigint') return clamp(Number(value))
  const text = toText(value)
  if (text === null) return NaN
  const digits = asciiDigits(text)
  return integral.test(digits) ? clamp(Number(digits.replaceAll('_', ''))) : NaN
}

function toFloat(value: unknown): number {
  if (typeof value === 'boolean' || typeof value === 'bigint') return Number(value)
  const text = toText(value)
  if (text === null) return NaN
  const sign = infinite.exec(text)?.[1]
  if (sign !== undefined) return sign === '-' ? -Infinity : Infinity
  const digits = asciiDigits(text)
  return decimal.test(digits) ? Number(digits.replaceAll('_', '')) : NaN
}

function toText(value: unknown): string | null {
  if (typeof value === 'string') return value.trim()
  return value instanceof Uint8Array ? latin1.decode(value).trim() : null
}

/** Replaces the decimal digits of all scripts by ASCII digits. Unicode has them in runs of ten (category Nd). */
function asciiDigits(text: string): string {
  if (!/\P{ASCII}/u.test(text)) return text
  return text.replaceAll(/\p{Nd}/gu, char => {
    const code = char.codePointAt(0)!
    let first = code
    while (/\p{Nd}/u.test(String.fromCodePoint(first - 1))) first--
    return String((code - first) % 10)
  })
}

/** Limits a number to finite values. There is no infinite integer: a number with too many digits is simply too large. */
function clamp(number: number): number {
  return Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, number))
}

function rangeOf({ min, max }: Parameters, most: number): { readonly min: number; readonly max: number } {
  return {
    min: Math.max(typeof min === 'number' ? min : -most, -most),
    max: Math.min(typeof max === 'number' ? max : most, most),
  }
}

/** Writes a number without fraction and exponent, as the original prints bounds. */
function whole(number: number): string {
  return BigInt(Math.trunc(number)).toString()
}

function bounds(params: Parameters, low: string, high: string): Record<string, unknown> {
  return {
    ...(params['min'] === undefined ? {} : { [low]: params['min'] }),
    ...(params['max'] === undefined ? {} : { [high]: params['max'] }),
  }
}
