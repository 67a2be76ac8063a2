import { ApiError } from '../../protocol/error.ts'
import { Refused } from '../../schema/read/refused.ts'
import type { Resource, Value } from '../../model/model.ts'
import type { InputMode } from '../../schema/read/input-mode.ts'

/**
 * Reads values that identify a row by a unique key: a unique field, or all fields of a composite key. Throws ApiError
 * `validation` if the fields are not a unique key or a value does not fit.
 */
export function uniqueKey(
  resource: Resource,
  given: Readonly<Record<string, unknown>>,
  mode: InputMode,
): Readonly<Record<string, Value>> {
  const names = Object.keys(given)
  if (!uniqueKeysOf(resource).some(key => key.length === names.length && key.every(name => names.includes(name)))) {
    const keys = uniqueKeysOf(resource).map(key => key.join('+'))
    const detail = keys.length
      ? `name exactly one unique key: ${keys.join(', ')}`
      : `${resource.name} has no unique key`
    throw new ApiError('validation', { issues: [{ code: 'unknown_param', parameter: names.join('&'), detail }] })
  }
  const key: Record<string, Value> = {}
  for (const name of names) {
    const value = mode.read(resource.field.get(name)!.type!, given[name])
    if (value instanceof Refused || value === null) {
      const [code, detail] =
        value === null ? (['required', 'may not be null'] as const) : ([value.code, value.detail] as const)
      throw new ApiError('validation', { issues: [{ code, parameter: name, detail }] })
    }
    key[name] = value
  }
  return key
}

/** The unique keys that clients may use, as lists of field names. Keys with a hidden field are left out. */
export function uniqueKeysOf(resource: Resource): readonly (readonly string[])[] {
  const single = resource.columns.filter(f => f.unique && f !== resource.id).map(f => [f.name])
  return [...single, ...resource.unique].filter(key => key.every(name => !resource.field.get(name)!.hidden))
}
