import { isObject } from '../object.ts'
import type { ModelVector, ScalarTypeName } from './vector.ts'

/** The ancestor's reversible cast: Python's `type(value)`, accepted if casting back gives the value again. */
export function castable(value: unknown, type: ScalarTypeName): boolean {
  if (value === null || type === null) return true
  switch (type) {
    case 'int':
      if (typeof value === 'string') return /^(0|-?[1-9]\d*)$/.test(value)
      return typeof value === 'boolean' || Number.isInteger(value)
    case 'float':
      if (typeof value === 'string') return /^-?(0|[1-9]\d*)\.\d+$/.test(value)
      return typeof value === 'boolean' || typeof value === 'number'
    case 'bool':
      return typeof value === 'boolean' || value === 1 || value === 0 || value === 'True'
    case 'str':
      return typeof value === 'string' || typeof value === 'number' || value === true
    case 'list':
      return Array.isArray(value) || (isObject(value) && Object.keys(value).length === 0)
    case 'dict':
      return isObject(value) || (Array.isArray(value) && value.length === 0)
  }
}

/** A castable value as a field of the type holds it. */
export function cast(value: unknown, type: ScalarTypeName): unknown {
  if (value === null || !castable(value, type)) return value
  switch (type) {
    case 'int':
    case 'float':
      return Number(value)
    case 'bool':
      return Boolean(value)
    case 'str':
      return value === true ? 'True' : String(value)
    case 'list':
      return Array.isArray(value) ? value : []
    case 'dict':
      return Array.isArray(value) ? {} : value
    case null:
      return value
  }
}

/** The type of an object's key. */
export function keyTypeOf(model: ModelVector, name: string): ScalarTypeName {
  const object = model.objects.find(one => one.name === name)
  const key = object?.fields.find(field => field.name === object.pkey)
  return key?.kind === 'scalar' ? key.type : null
}

/** An id as rows of the object hold it. */
export const castId = (model: ModelVector, name: string, id: unknown): unknown => cast(id, keyTypeOf(model, name))
