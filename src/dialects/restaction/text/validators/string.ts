import { noteRefusal, type TextCheck } from '../report.ts'
import type { Parameters, Validator } from '../validator.ts'

const longest = 1_048_576
const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', "'": '&#39;', '"': '&#34;' }

/** Text, whose length is counted in code points. `escape` is for applications that store HTML in their rows. */
export const str: Validator = {
  string: true,
  params: { minlen: 'number', maxlen: 'number', escape: 'flag' },
  check(params): TextCheck {
    const { min, max } = rangeOf(params)
    const escape = params['escape'] === true
    const low = `string length must >= ${Math.trunc(min)}`
    const high = `string length must <= ${Math.trunc(max)}`
    return (value, report) => {
      if (typeof value !== 'string') return noteRefusal(report, 'invalid string')
      // A code point is one or two units, so most lengths are decided without counting.
      const units = value.length
      if (units < min * 2 && codePoints(value) < min) return noteRefusal(report, low)
      if (units > max && codePoints(value) > max) return noteRefusal(report, high)
      return escape ? value.replaceAll(/[&<>'"]/g, char => escapes[char]!) : value
    }
  },
  fits(params) {
    if (params['escape'] === true) return null
    const { min, max } = rangeOf(params)
    const units = min <= 1 ? 1 : min * 2
    return value => `typeof ${value} === 'string' && ${value}.length >= ${units} && ${value}.length <= ${max}`
  },
  schema: params => ({
    type: 'string',
    ...(typeof params['minlen'] === 'number' && params['minlen'] > 0 ? { minLength: Math.ceil(params['minlen']) } : {}),
    // The length is checked before escaping, which makes the text longer.
    ...(typeof params['maxlen'] === 'number' && params['escape'] !== true
      ? { maxLength: Math.max(0, Math.floor(params['maxlen'])) }
      : {}),
  }),
}

function rangeOf({ minlen, maxlen }: Parameters): { readonly min: number; readonly max: number } {
  return { min: typeof minlen === 'number' ? minlen : 0, max: typeof maxlen === 'number' ? maxlen : longest }
}

function codePoints(text: string): number {
  let count = text.length
  for (let i = 0; i < text.length - 1; i++) {
    if ((text.charCodeAt(i) & 0xfc00) === 0xd800 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) {
      count--
      i++
    }
  }
  return count
}
