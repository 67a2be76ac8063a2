import { ApiError } from '../../../protocol/error.ts'

/** Bytes of a file, both included. */
export interface Range {
  readonly start: number
  readonly end: number
}

/**
 * The range that a request asks for; null = all of it, also where it asks in a way that may be passed over: another unit,
 * several ranges, what is no range (RFC 9110 §14.2). Throws ApiError `range_not_satisfiable` for one behind the end.
 */
export function readRange(header: string | undefined, size: number): Range | null {
  const found = header === undefined ? null : /^bytes[ \t]*=[ \t]*(\d*)-(\d*)[ \t]*$/i.exec(header)
  if (!found) return null
  const [, first = '', last = ''] = found
  if (first === '') {
    if (last === '') return null
    const length = Math.min(Number(last), size)
    if (length === 0) throw unsatisfiable(size)
    return { start: size - length, end: size - 1 }
  }
  const start = Number(first)
  if (last !== '' && Number(last) < start) return null
  if (start >= size) throw unsatisfiable(size)
  return { start, end: last === '' ? size - 1 : Math.min(Number(last), size - 1) }
}

function unsatisfiable(size: number): ApiError {
  return new ApiError('range_not_satisfiable', {
    detail: `the file has ${size} bytes`,
    headers: { 'content-range': `bytes */${size}` },
  })
}
