import type { Code, IssueCode } from '../../src/protocol/codes.ts'
import { isObject, keyOf, objectOf } from './oracle.ts'
import type { FieldVector, Members, ModelVector, Recorded, RequestStep, Rows } from './vector.ts'

/** What the runner demands of an answer. */
export interface Expected {
  /** 'refused': any 4xx. */
  readonly status: number | 'refused'
  /** Absent = not compared. */
  readonly body?: unknown
  readonly problem?: ExpectedProblem
  readonly dump?: Rows
  readonly stored?: Rows
  /** The state is not the recorded one: the recorded one is loaded before the next step. */
  readonly diverges?: boolean
  /** Another answer that is as good. */
  readonly or?: Expected
}

export interface ExpectedProblem {
  readonly error: readonly Code[]
  /** Allowed codes of `errors[0]`; null = `errors` may be absent. */
  readonly issue: readonly IssueCode[] | null
  /** Names that the place of `errors[0]` may end with; empty = not compared. */
  readonly fields: readonly string[]
  /** Any entry of `errors` may be it: faults of a query are told all at once, in no order of the model. */
  readonly anywhere?: boolean
}

/** A step in its surroundings: what departures look at. */
export interface At {
  readonly case: string
  readonly index: number
  readonly model: ModelVector
  readonly step: RequestStep
  readonly recorded: Recorded
  /** The recorded state before the step. */
  readonly before: Rows
}

export interface RecordedError {
  readonly code: string
  readonly details: Members
}

export function recordedError(recorded: Recorded): RecordedError | null {
  const body = recorded.body
  if (!isObject(body) || !isObject(body['error'])) return null
  const { code, details } = body['error'] as { code: string; details?: Members }
  return { code, details: details ?? {} }
}

/** The recorded answer in Restuary's words: same status, the ancestor's code as error code, issue code and place. */
export function expectation(at: At): Expected {
  const { recorded } = at
  const state = {
    ...(recorded.dump ? { dump: recorded.dump } : {}),
    ...(recorded.stored ? { stored: recorded.stored } : {}),
  }
  if (recorded.status === undefined) return { status: 'refused', ...state }
  const error = recordedError(recorded)
  if (!error) return { status: recorded.status, body: recorded.body, ...state }
  const anywhere = at.step.op === 'get'
  return { status: recorded.status, problem: { ...problem(at, error), anywhere }, ...state }
}

function problem(at: At, error: RecordedError): ExpectedProblem {
  const field = String(error.details['field_name'] ?? '')
  switch (error.code) {
    case 'FIELD_DOES_NOT_EXISTS':
      return { error: ['validation', 'forbidden_field', 'unknown_param'], issue: ['unknown_field'], fields: [field] }
    case 'FIELD_IS_READONLY':
      return { error: ['validation', 'read_only'], issue: ['read_only'], fields: [field] }
    case 'FIELD_UPDATE_FORBIDDEN':
      return { error: ['read_only'], issue: ['read_only'], fields: forbiddenPlaces(at, error, field) }
    case 'SEARCH_FORBIDDEN':
      return { error: ['forbidden_field', 'validation'], issue: ['forbidden_field'], fields: [field] }
    case 'BAD_PARAM_VALUE':
      return {
        error: ['validation', 'bad_request'],
        issue: ['range', 'type', 'format'],
        fields: [String(error.details['param_name'])],
      }
    case 'BAD_FIELD_VALUE':
      return {
        error: ['validation'],
        issue: ['type', 'range', 'format', 'check'],
        fields: [field, ...relationsHolding(at, error.details['value'])],
      }
    case 'OBJECT_DOES_NOT_EXIST':
      return { error: ['not_found'], issue: null, fields: [] }
    case 'BAD_REQUEST':
      return { error: ['validation'], issue: ['type'], fields: [] }
    case 'UNKNOWN_ERROR':
      return at.recorded.status === 400
        ? { error: ['validation', 'read_only'], issue: ['read_only'], fields: settersMissing(at) }
        : { error: ['validation', 'bad_request'], issue: null, fields: [] }
    default:
      return { error: ['bad_request', 'validation'], issue: null, fields: [] }
  }
}

/**
 * The ancestor names the field that may not change, which may belong to another row; Restuary's pointer goes into the
 * request body, so it names that field or the one of the body whose other side it is. A deletion has no body.
 */
function forbiddenPlaces(at: At, error: RecordedError, field: string): string[] {
  if (at.step.op === 'delete') return []
  const object = objectOf(at.model, String(error.details['object_name']))
  const owned = object?.fields.find(f => f.ext_name === field)
  const other = owned?.kind === 'rel' && owned.other !== null ? external(at.model, owned.stores, owned.other) : []
  return [field, ...other, ...calculated(at)]
}

function external(model: ModelVector, object: string, name: string): string[] {
  const field = objectOf(model, object)?.fields.find(f => f.name === name)
  return field ? [field.ext_name] : []
}

/** A value set through a calculated field is refused at that field. */
function calculated(at: At): string[] {
  const data = at.step.args.data
  const fields = objectOf(at.model, at.step.args.name)?.fields ?? []
  return isObject(data)
    ? fields.filter(f => f.kind === 'calc' && f.setter !== null && f.ext_name in data).map(f => f.ext_name)
    : []
}

function settersMissing(at: At): string[] {
  const fields = objectOf(at.model, at.step.args.name)?.fields ?? []
  return fields.filter(f => f.kind === 'calc' && f.setter === null).map(f => f.ext_name)
}

/** A bad id inside a relation: the ancestor names the target's key, Restuary the relation that holds the value. */
function relationsHolding(at: At, value: unknown): string[] {
  const found = new Set<string>(calculated(at))
  const wanted = JSON.stringify(value)
  const visit = (object: string, data: unknown): void => {
    if (Array.isArray(data)) for (const item of data) visit(object, item)
    if (!isObject(data)) return
    for (const field of objectOf(at.model, object)?.fields ?? []) {
      const inner = data[field.ext_name]
      if (field.kind !== 'rel' || inner === undefined) continue
      const elements = Array.isArray(inner) ? inner : [inner]
      if ([inner, ...elements].some(e => JSON.stringify(e) === wanted)) found.add(field.ext_name)
      for (const element of elements) if (isObject(element)) visit(field.stores, element)
    }
  }
  visit(at.step.args.name, at.step.args.data)
  visit(at.step.args.name, at.step.args.filter)
  return [...found]
}

/** The relation of a body whose value names a missing row. */
export function relationsNaming(at: At, object: string, id: unknown): string[] {
  const found = new Set<string>(calculated(at))
  const visit = (name: string, data: unknown): void => {
    if (Array.isArray(data)) for (const item of data) visit(name, item)
    if (!isObject(data)) return
    for (const field of relations(at.model, name)) {
      const inner = data[field.ext_name]
      if (inner === undefined) continue
      for (const element of Array.isArray(inner) ? inner : [inner]) {
        if (isObject(element)) visit(field.stores, element)
        else if (field.stores === object && String(Number(element)) === String(id)) found.add(field.ext_name)
        else if (field.stores === object && element === id) found.add(field.ext_name)
      }
    }
  }
  visit(at.step.args.name, at.step.args.data)
  return [...found]
}

function relations(model: ModelVector, name: string): Extract<FieldVector, { kind: 'rel' }>[] {
  return (objectOf(model, name)?.fields ?? []).filter(f => f.kind === 'rel')
}

/** Whether a step's target was there before it. */
export function targetExists(at: At): boolean {
  const object = objectOf(at.model, at.step.args.name)
  if (!object) return false
  const key = keyOf(object)
  return (at.before[at.step.args.name] ?? []).some(row => String(row[key]) === String(at.step.args.id))
}
