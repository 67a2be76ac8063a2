import { parse } from 'range-parser'
import { ApiError } from '../../../protocol/error.ts'

/** A range of bytes, both ends included. */
export interface Range {
  readonly start: number
  readonly end: number
}

/** The result of `parse` for a range outside of the file. */
const UNSATISFIABLE = 2

/**
 * The range that a request asks for. null = the whole file, also for ranges that may be ignored: other units, several ranges,
 * malformed ones (RFC 9110 §14.2). Throws ApiError `range_not_satisfiable` for a range behind the end.
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
