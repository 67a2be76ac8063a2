import type { IssueCode } from '../../src/protocol/codes.ts'
import { isObject } from '../object.ts'
import { keyOf, objectOf } from './oracle.ts'
import { castable } from './cast.ts'
import type { CalcVector, FieldVector, ModelVector, RelVector, Rows, ScalarTypeName } from './vector.ts'

/** A fault of a body that can be told from the body, the model and the recorded state alone. */
export interface Fault {
  readonly phase: 'shape' | 'reference'
  readonly issue: readonly IssueCode[]
  readonly field: string
}

/**
 * The faults of a body in the order in which they are reported: fields in model order, depth first, then unknown members
 * in body order. It tells which of several mixed errors a step must answer with; writability is not looked at.
 */
export function faultsOf(model: ModelVector, state: Rows, name: string, data: unknown): Fault[] {
  if (Array.isArray(data)) return data.flatMap(item => faultsOf(model, state, name, item))
  const object = objectOf(model, name)
  if (!object || !isObject(data)) return []
  const faults: Fault[] = []
  const known = new Set<string>()
  for (const field of object.fields) {
    if (field.hidden) continue
    known.add(field.ext_name)
    if (field.ext_name in data) faults.push(...fieldFaults(model, state, field, data[field.ext_name]))
  }
  for (const member of Object.keys(data)) {
    if (!known.has(member)) faults.push({ phase: 'shape', issue: ['unknown_field'], field: member })
  }
  return faults
}

function fieldFaults(model: ModelVector, state: Rows, field: FieldVector, value: unknown): Fault[] {
  const readonly: Fault = { phase: 'shape', issue: ['read_only'], field: field.ext_name }
  if (field.readonly) return [readonly]
  switch (field.kind) {
    case 'calc':
      if (field.setter === null) return [readonly]
      return castable(value, shownType(model, field)) ? [] : [mistyped(field.ext_name)]
    case 'scalar':
      return castable(value, field.type) ? [] : [mistyped(field.ext_name)]
    case 'rel':
      return relationFaults(model, state, field, value)
  }
}

/** The type of what a calculated field shows, and so takes. */
export function shownType(model: ModelVector, { getter }: CalcVector): ScalarTypeName {
  switch (getter === null ? 'json' : model.functions[getter]?.type.name) {
    case 'integer':
      return 'int'
    case 'bool':
      return 'bool'
    case 'text':
      return 'str'
    default:
      return null
  }
}

function relationFaults(model: ModelVector, state: Rows, field: RelVector, value: unknown): Fault[] {
  if (value === null) return []
  const list = Array.isArray(value)
  if (field.multi ? !list : list && value.length > 1) return [mistyped(field.ext_name)]
  return (list ? value : [value]).flatMap(element => {
    if (isObject(element)) return faultsOf(model, state, field.stores, element)
    return elementFaults(model, state, field, element)
  })
}

function elementFaults(model: ModelVector, state: Rows, field: RelVector, element: unknown): Fault[] {
  const target = objectOf(model, field.stores)
  const key = target?.fields.find(f => f.name === target.pkey)
  if (!target || key?.kind !== 'scalar') return []
  const odd = element === null || typeof element === 'boolean' || Array.isArray(element)
  if (odd || !castable(element, key.type)) return [mistyped(field.ext_name)]
  const there = (state[field.stores] ?? []).some(row => String(row[keyOf(target)]) === String(element))
  return there ? [] : [{ phase: 'reference', issue: ['reference'], field: field.ext_name }]
}

function mistyped(field: string): Fault {
  return { phase: 'shape', issue: ['type', 'format', 'range'], field }
}
