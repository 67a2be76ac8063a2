import { isDeepStrictEqual } from 'node:util'
import type { Code, IssueCode } from '../../src/protocol/codes.ts'
import type { At, Expected } from './expected.ts'
import type { Fault } from './faults.ts'
import { isObject, keyOf, objectOf, represent, rowOf, rowsOf } from './oracle.ts'
import type { FieldVector, Rows } from './vector.ts'

/** A write that is refused although the ancestor took it, or for another reason: nothing changes. */
export function refuseWrite(at: At, problem: NonNullable<Expected['problem']>): Expected {
  return { status: 400, problem, dump: at.before, diverges: !isDeepStrictEqual(at.recorded.dump, at.before) }
}

/** The state before a step, with the row that a PUT makes: a body may name its own row. */
export function withTarget(at: At): At['before'] {
  const { op, args } = at.step
  const object = objectOf(at.model, args.name)
  if (op !== 'put' || !object) return at.before
  return { ...at.before, [args.name]: [...rowsOf(at.before, args.name), { [keyOf(object)]: args.id }] }
}

/** The state without rows that a default made for a field which the body gives; null = there are none. */
export function withoutUnusedDefaults(at: At, dump: Rows): Rows | null {
  const { name, data } = at.step.args
  if (!isObject(data)) return null
  for (const field of objectOf(at.model, name)?.fields ?? []) {
    const makes = Array.isArray(field.default) ? field.default.some(isObject) : isObject(field.default)
    const target = field.kind === 'rel' ? objectOf(at.model, field.stores) : undefined
    if (!makes || !target || !(field.ext_name in data)) continue
    const key = keyOf(target)
    const before = new Set(rowsOf(at.before, target.name).map(row => row[key]))
    return { ...dump, [target.name]: rowsOf(dump, target.name).filter(row => before.has(row[key])) }
  }
  return null
}

/** Whether a recorded 404 speaks of the row that the step names. */
export function aboutTarget(at: At, details: Readonly<Record<string, unknown>>): boolean {
  const { name, id } = at.step.args
  return id !== undefined && details['object_name'] === name && String(details['object_id']) === String(Number(id))
}

/** Whether a one-to-one of the model cascades from either side. */
export function bothSidesCascade(at: At): boolean {
  return at.model.objects.some(object =>
    object.fields.some(field => {
      if (field.kind !== 'rel' || !field.cascade || field.multi || field.other === null) return false
      const other = objectOf(at.model, field.stores)?.fields.find(f => f.name === field.other)
      return other?.kind === 'rel' && other.cascade && other !== field
    }),
  )
}

/** The step's target at its depth; undefined if it is not there. */
export function one(at: At, state: At['before']): unknown {
  const { name, id, depth } = at.step.args
  if (!rowOf(at.model, state, name, id)) return undefined
  return represent(at.model, state, name, id, typeof depth === 'number' ? depth : 1)
}

/** A field of the step's object by external name. */
export function fieldOf(at: At, name: string): FieldVector | undefined {
  return objectOf(at.model, at.step.args.name)?.fields.find(f => f.ext_name === name)
}

/** Whether a field is a to-one relation. */
export function isSingle(at: At, name: string): boolean {
  const field = fieldOf(at, name)
  return field?.kind === 'rel' && !field.multi
}

/** Names that a collection's filter and sort use. */
export function queried(at: At): string[] {
  const { filter, sort, id } = at.step.args
  if (at.step.op !== 'get' || id !== undefined) return []
  const words = Array.isArray(sort) ? sort.map(word => String(word).replace(/^-/, '')) : []
  return [...(isObject(filter) ? Object.keys(filter) : []), ...words]
}

/** An integer, 0 or more. */
export function isCount(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0
}

/** A query that is refused for what one of its members says. */
export function refuse(e: Expected, issue: readonly IssueCode[], fields: readonly string[]): Expected {
  const state = { ...(e.dump ? { dump: e.dump } : {}), ...(e.stored ? { stored: e.stored } : {}) }
  const error: Code[] = ['validation', 'bad_request', 'forbidden_field', 'unknown_param']
  return { status: 400, problem: { error, issue, fields, anywhere: true }, ...state }
}

/** The problem that a body's fault has to be answered with. */
export function refusal(fault: Fault): NonNullable<Expected['problem']> {
  return { error: ['validation', 'read_only'], issue: fault.issue, fields: [fault.field] }
}
