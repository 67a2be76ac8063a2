import { ApiError, pointer, type Issue } from './error.ts'
import type { JsonLimits } from './json.ts'
import { pollutingNames } from './json.ts'

/**
 * Checks a value that somebody else parsed by the same limits as `parseJson`, as far as that is still possible: duplicate keys
 * are already gone.
 *
 * @throws {ApiError} `depth_exceeded`, `too_many_keys`, `too_many_items` or `validation`.
 */
export function checkJson(value: unknown, limits: JsonLimits): void {
  walk(value, limits, { keys: 0 }, [])
}

function walk(value: unknown, limits: JsonLimits, count: { keys: number }, path: (string | number)[]): void {
  switch (typeof value) {
    case 'string':
      if (value.includes('\0') || !value.isWellFormed())
        throw refusal('format', path, 'contains something that is not a character')
      return
    case 'number':
      if (!Number.isFinite(value)) throw refusal('range', path, 'is too large')
      return
    case 'boolean':
      return
    case 'object':
      break
    default:
      throw refusal('type', path, 'is not a JSON value')
  }
  if (value === null) return
  if (path.length >= limits.jsonDepth) throw new ApiError('depth_exceeded')
  if (Array.isArray(value)) {
    if (value.length > limits.items) throw new ApiError('too_many_items')
    for (const [i, item] of value.entries()) walk(item, limits, count, [...path, i])
    return
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) throw refusal('type', path, 'is not a JSON value')
  const keys = Object.keys(value)
  count.keys += keys.length
  if (keys.length > limits.keys || count.keys > limits.totalKeys) throw new ApiError('too_many_keys')
  for (const key of keys) {
    const at = [...path, key]
    if (path.length === 0 && pollutingNames.has(key)) throw unnameable(at)
    if (key.includes('\0') || !key.isWellFormed()) throw refusal('format', path, 'has a name that is not valid text')
    walk((value as Record<string, unknown>)[key], limits, count, at)
  }
}

/**
 * Refuses members, however deep, whose names reach the prototype of an object: of values that go to application code as they
 * are, without a declaration that says what they hold.
 *
 * @throws {ApiError} `validation`.
 */
export function refuseUnsafeNames(value: unknown, path: readonly (string | number)[] = []): void {
  if (typeof value !== 'object' || value === null) return
  for (const [key, member] of Object.entries(value)) {
    const at = [...path, key]
    if (!Array.isArray(value) && pollutingNames.has(key)) throw unnameable(at)
    refuseUnsafeNames(member, at)
  }
}

const unnameable = (at: readonly (string | number)[]): ApiError =>
  refusal('unknown_field', at, 'no field may have this name')

function refusal(code: Issue['code'], path: readonly (string | number)[], detail: string): ApiError {
  return new ApiError('validation', { issues: [{ code, pointer: pointer('#', ...path), detail }] })
}
