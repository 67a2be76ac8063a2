import { isDeepStrictEqual } from 'node:util'
import { isObject } from '../object.ts'
import type { Members } from './vector.ts'

/** Bytes as a vector writes them: hexadecimal, a list of numbers, or any. */
export function binary(given: unknown): Buffer {
  if (Array.isArray(given)) return Buffer.from(given as number[])
  if (typeof given === 'string') return /^([0-9a-f]{2})+$/i.test(given) ? Buffer.from(given, 'hex') : Buffer.from(given)
  return isObject(given) ? Buffer.from(JSON.stringify(given)) : Buffer.from([0, 1, 2])
}

/** A reply that tells what is wrong, with what of the message could be read. */
export function isRefusal(frame: Members, message: unknown): boolean {
  const { stream = null, payload } = isObject(message) ? message : {}
  const asked: Members = isObject(payload) ? payload : {}
  const told = frame['payload']
  if (!isObject(told)) return false
  const { errors, data, action, response_status: status, request_id: id } = told
  return (
    frame['stream'] === (typeof stream === 'string' ? stream : null) &&
    Array.isArray(errors) &&
    errors.length === 1 &&
    data === null &&
    (action === null || action === asked['action']) &&
    (status === 400 || status === 404 || status === 500) &&
    isDeepStrictEqual(id, asked['request_id'] ?? null)
  )
}
