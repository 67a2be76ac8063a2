import { getOrThrow } from '../../protocol/get-or-throw.ts'
import { composeKey, isComposed, keyForm } from '../../model/key-text.ts'
import type { Id, Resource, Value } from '../../model/model.ts'
import { ApiError } from '../../protocol/error.ts'
import type { Prepared } from './read-body.ts'
import { Refused } from '../../schema/read/refused.ts'
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
    const value = mode.read(getOrThrow(resource.field, name).type!, given[name])
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
  return [...single, ...resource.unique].filter(key => key.every(name => !getOrThrow(resource.field, name).hidden))
}

/** The id that the fields of the key make; null where the id is a field of its own. Throws ApiError `validation`. */
export function composedId({ resource, settings, pointer: base }: Prepared): Id | null {
  const { foreign } = resource.options
  if (foreign === null || !isComposed(foreign)) return null
  const parts = foreign.key.map(column => {
    const field = resource.columns.find(field => field.column === column && field !== resource.id)!
    const setting = settings.find(setting => setting.field === field)
    if (setting?.kind === 'value' && setting.value !== null) return field.type.sql.encode(setting.value)
    if (setting?.kind === 'one' && setting.target && 'id' in setting.target)
      return field.type.sql.encode(setting.target.id)
    if (setting === undefined && field.default && 'value' in field.default)
      return field.type.sql.encode(field.default.value as Value)
    const detail = 'is part of the key: give a value, or the id of a row'
    throw new ApiError('validation', { issues: [{ code: 'required', pointer: base + field.pointer, detail }] })
  })
  return composeKey(keyForm(foreign), parts)
}
