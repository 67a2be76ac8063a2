import { parse } from 'range-parser'
import { ApiError } from '../../../protocol/error.ts'

/** Bytes of a file, both included. */
export interface Range {
  readonly start: number
  readonly end: number
}

/** What `parse` says of a header field that names nothing in the file. */
const UNSATISFIABLE = 2

/**
 * The range that a request asks for; null = all of it, also where it asks in a way that may be passed over: another unit,
 * several ranges, what is no range (RFC 9110 §14.2). Throws ApiError `range_not_satisfiable` for one behind the end.
 */
export function readRange(header: string | undefined, size: number): Range | null {
  if (header === undefined) return null
  const { code, type, ranges } = parse(size, header)
  if (type.trim() !== 'bytes') return null
  if (code === UNSATISFIABLE && ranges.length === 0) throw unsatisfiable(size)
  return code === 0 && ranges.length === 1 ? ranges[0]! : null
}

function unsatisfiable(size: number): ApiError {
  return new ApiError('range_not_satisfiable', {
    detail: `the file has ${size} bytes`,
    headers: { 'content-range': `bytes */${size}` },
  })
}
