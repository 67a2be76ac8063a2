import { ApiError } from '../../../protocol/error.ts'

/** A decoded query parameter. */
export type Parameter = readonly [name: string, value: string]

/** Parses a query string or a form, in order (WHATWG URL §5.1, but with strict UTF-8). */
export function readParameters(text: string, most: number): Parameter[] {
  const found: Parameter[] = []
  for (let start = 0; start < text.length;) {
    let end = text.indexOf('&', start)
    if (end < 0) end = text.length
    if (end > start) {
      if (found.length === most) throw new ApiError('too_complex', { detail: `More than ${most} parameters` })
      const equals = text.indexOf('=', start)
      const split = equals < 0 || equals > end ? end : equals
      found.push([decode(text, start, split), decode(text, split + 1, end)])
    }
    start = end + 1
  }
  return found
}

function decode(text: string, start: number, end: number): string {
  const part = text.slice(start, end)
  if (!part.includes('%') && !part.includes('+')) return part
  try {
    return decodeURIComponent(part.replaceAll('+', ' '))
  } catch {
    throw new ApiError('bad_encoding', { detail: 'The query is not percent-encoded UTF-8' })
  }
}

/** Writes parameters as a query string without `?`. The result is safe in a header field. */
export function writeParameters(parameters: readonly Parameter[]): string {
  return parameters.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&')
}
