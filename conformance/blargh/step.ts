import { isDeepStrictEqual } from 'node:util'
import type { Code, IssueCode } from '../../src/protocol/codes.ts'
import type { At, Expected } from './expected.ts'
import type { Fault } from './faults.ts'
import { isObject } from '../object.ts'
import { keyOf, objectOf, represent, rowOf, rowsOf } from './oracle.ts'
import { Unknown } from '../result.ts'
import { castable, castId, keyTypeOf } from './cast.ts'
import type { FieldVector, Members, ModelVector, Rows } from './vector.ts'

/** A write that is refused although the ancestor took it, or for another reason: nothing changes. */
export function refuseWrite(at: At, problem: NonNullable<Expected['problem']>): Expected {
  return { status: 400, problem, dump: at.before, diverges: !isDeepStrictEqual(at.recorded.dump, at.before) }
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

/**
 * The body of a PUT with what setters make of the row that is there, where they are asked before a list that the body
 * gives as well; null = there are none.
 */
export function bodyWithoutSetters(at: At): Members | null {
  const { name, id, data } = at.step.args
  const object = objectOf(at.model, name)
  const row = object && at.stored[name]?.find(one => one[object.pkey] === castId(at.model, name, id))
  if (!object || !row || !isObject(data)) return null
  const order = object.fields.map(field => field.ext_name)
  const isLater = (one: string, than: string): boolean => one in data && order.indexOf(one) > order.indexOf(than)
  let body: Record<string, unknown> | null = null
  for (const field of object.fields) {
    if (field.kind !== 'calc' || field.setter === null || !(field.ext_name in data)) continue
    const { uses, run } = at.model.functions[field.setter]!
    const used = object.fields.filter(one => uses.includes(one.name)).map(one => one.ext_name)
    if (!used.some(one => isLater(one, field.ext_name))) continue
    const read = { object: name, id, get: (one: string): unknown => row[one] }
    body ??= { ...data }
    delete body[field.ext_name]
    for (const [target, value] of Object.entries(run(read, data[field.ext_name]) as Members)) {
      if (!isLater(target, field.ext_name)) body[target] = value
      else if (Array.isArray(value) && value.some(isObject))
        throw new Unknown('a setter makes rows that the body drops')
    }
  }
  return body
}

/** Whether every member of a filter asks something that can be answered: of a scalar, or of a to-one relation. */
export function isMeaningful(model: ModelVector, name: string, filter: Members): boolean {
  const fields = new Map(objectOf(model, name)?.fields.map(field => [field.ext_name, field]))
  return Object.entries(filter).every(([member, value]) => {
    const field = fields.get(member)
    if (!field || field.hidden || field.kind === 'calc') return false
    if (field.kind === 'scalar') return field.type !== 'list' && castable(value, field.type)
    if (field.multi) return false
    return isObject(value) ? isMeaningful(model, field.stores, value) : castable(value, keyTypeOf(model, field.stores))
  })
}

/**
 * The bodies of a step, each with the rows that are there before it: an item of an array sees what the items before it
 * made, which are the lowest new ids, as many as they hold objects.
 */
export function asItems(at: At, after: Rows): readonly (readonly [Rows, unknown])[] {
  const { name, data } = at.step.args
  if (at.step.op !== 'post' || !Array.isArray(data)) return [[at.before, data]]
  const made = new Map<string, number>()
  const count = (object: string, body: unknown): void => {
    if (!isObject(body)) return
    made.set(object, (made.get(object) ?? 0) + 1)
    for (const field of objectOf(at.model, object)?.fields ?? []) {
      if (field.kind !== 'rel') continue
      for (const inner of [body[field.ext_name]].flat()) count(field.stores, inner)
    }
  }
  return data.map((body: unknown): [Rows, unknown] => {
    const state = Object.fromEntries(
      at.model.objects.map(object => {
        const key = keyOf(object)
        const known = new Set(rowsOf(at.before, object.name).map(row => row[key]))
        const fresh = rowsOf(after, object.name).filter(row => !known.has(row[key]))
        const earlier = fresh.toSorted((a, b) => Number(a[key]) - Number(b[key])).slice(0, made.get(object.name) ?? 0)
        return [object.name, [...rowsOf(at.before, object.name), ...earlier]]
      }),
    )
    count(name, body)
    return [state, body]
  })
}

/** The text key that a new row of a body would need; null = none is wanted. */
export function textKeyMadeUp(at: At): string | null {
  const { op, args } = at.step
  const find = (name: string, data: unknown, isNew: boolean): string | null => {
    if (Array.isArray(data)) return data.map(one => find(name, one, isNew)).find(key => key !== null) ?? null
    const object = objectOf(at.model, name)
    if (!isObject(data) || !object) return null
    if (isNew && keyTypeOf(at.model, name) === 'str') return keyOf(object)
    const inner = object.fields.filter(field => field.kind === 'rel')
    return inner.map(field => find(field.stores, data[field.ext_name], true)).find(key => key !== null) ?? null
  }
  return op === 'get' || op === 'delete' ? null : find(args.name, args.data, op === 'post')
}

/** Whether a recorded 404 speaks of the row that the step names. */
export function aboutTarget(at: At, details: Readonly<Record<string, unknown>>): boolean {
  const { name, id } = at.step.args
  return id !== undefined && details['object_name'] === name && details['object_id'] === castId(at.model, name, id)
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
  const { name, depth } = at.step.args
  const id = castId(at.model, name, at.step.args.id)
  if (!rowOf(at.model, state, name, id)) return undefined
  return represent(at.model, state, name, id, typeof depth === 'number' ? depth : 1)
}

/** A field of the step's object by external name. */
export function fieldOf(at: At, name: string): FieldVector | undefined {
  return objectOf(at.model, at.step.args.name)?.fields.find(f => f.ext_name === name)
}

/** Whether a step reads a collection: without an id, or with null for one. */
export function isCollection({ step: { op, args } }: At): boolean {
  return op === 'get' && (args.id === undefined || args.id === null)
}

/** Names that a collection's filter and sort use. */
export function queried(at: At): string[] {
  const { filter, sort } = at.step.args
  if (!isCollection(at)) return []
  const words = Array.isArray(sort) ? sort.map(word => String(word).replace(/^-/, '')) : []
  return [...(isObject(filter) ? Object.keys(filter) : []), ...words]
}

/** An integer, 0 or more. */
export function isCount(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0
}

/** A query that is refused for what one of its members says. */
export function refuse(at: At, e: Expected, issue: readonly IssueCode[], names: readonly string[]): Expected {
  // What is wrong with a word of `sort` is told at `sort`.
  const { sort } = at.step.args
  const isSorted = Array.isArray(sort) && names.some(name => sort.some(word => String(word).replace(/^-/, '') === name))
  const fields = isSorted ? [...names, 'sort'] : names
  const state = { ...(e.dump ? { dump: e.dump } : {}), ...(e.stored ? { stored: e.stored } : {}) }
  const error: Code[] = ['validation', 'bad_request', 'forbidden_field', 'unknown_param']
  return { status: 400, problem: { error, issue, fields }, ...state }
}

/** The problem that a body's fault has to be answered with. */
export function refusal(fault: Fault): NonNullable<Expected['problem']> {
  return { error: ['validation', 'read_only'], issue: fault.issue, fields: [fault.field] }
}
