import type { EarlierPosition } from '../engine/call/call.ts'
import type { Resource } from '../model/model.ts'
import { ApiError } from '../protocol/error.ts'
import type { Parameter } from './http/request/parameters.ts'

/** The parameters of a read without `at`, and the position that it names. */
interface Taken<Parameters> {
  readonly at: EarlierPosition | null
  readonly rest: Parameters
}

/**
 * Takes out the parameter `at`, which names an earlier position (protocol §5.3), unless the resource has a field of that name.
 * If it is there twice, both stay, and are refused as unknown.
 */
export function takePosition(resource: Resource, parameters: readonly Parameter[]): Taken<readonly Parameter[]> {
  const found = parameters.filter(([name]) => name === 'at')
  if (found.length !== 1 || resource.field.has('at')) return { at: null, rest: parameters }
  const at = { position: found[0]![1], named: { parameter: 'at' } }
  return { at, rest: parameters.filter(([name]) => name !== 'at') }
}

/** The same for a query that is an object, at `base` of the request. Throws ApiError `validation` if `at` is no text. */
export function takePositionOf(
  resource: Resource,
  { at, ...rest }: Readonly<Record<string, unknown>>,
  base: string,
): Taken<Readonly<Record<string, unknown>>> {
  if (at === undefined) return { at: null, rest }
  if (resource.field.has('at')) return { at: null, rest: { at, ...rest } }
  const named = { pointer: `${base}/at` }
  if (typeof at === 'string') return { at: { position: at, named }, rest }
  throw new ApiError('validation', { issues: [{ ...named, code: 'type', detail: 'must be a position, as text' }] })
}
