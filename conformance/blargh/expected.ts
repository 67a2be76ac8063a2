import type { Code, IssueCode } from '../../src/protocol/codes.ts'
import { castId } from './cast.ts'
import { isObject } from '../object.ts'
import { keyOf, objectOf } from './oracle.ts'
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
  /** The step does what this body would do in its place; everything else is found by doing that to the same rows. */
  readonly as?: unknown
  /** Another answer that is as good. */
  readonly or?: Expected
}

export interface ExpectedProblem {
  readonly error: readonly Code[]
  /** One of `errors` has one of these codes (faults are told all at once); null = `errors` may be absent. */
  readonly issue: readonly IssueCode[] | null
  /** Names that its place may end with; empty = not compared. */
  readonly fields: readonly string[]
}

/** A step in its surroundings: what departures look at. */
export interface At {
  readonly case: string
  readonly index: number
  readonly model: ModelVector
  readonly step: RequestStep
  readonly recorded: Recorded
  /** The recorded state before the step, as dumps show it. */
  readonly before: Rows
  /** The same with what is hidden, by internal name. */
  readonly stored: Rows
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
  return { status: recorded.status, problem: problem(at, error), ...state }
}

/** What says here what a code of the ancestor's says: the problem's own codes, and those of one of its issues. */
const codes: Readonly<Record<string, Pick<ExpectedProblem, 'error' | 'issue'>>> = {
  FIELD_DOES_NOT_EXISTS: { error: ['validation', 'forbidden_field', 'unknown_param'], issue: ['unknown_field'] },
  FIELD_IS_READONLY: { error: ['validation', 'read_only'], issue: ['read_only'] },
  FIELD_UPDATE_FORBIDDEN: { error: ['read_only', 'validation'], issue: ['read_only'] },
  SEARCH_FORBIDDEN: { error: ['forbidden_field', 'validation'], issue: ['forbidden_field'] },
  BAD_PARAM_VALUE: { error: ['validation', 'bad_request'], issue: ['range', 'type', 'format'] },
  BAD_FIELD_VALUE: { error: ['validation', 'forbidden_field'], issue: ['type', 'range', 'format', 'check'] },
  OBJECT_DOES_NOT_EXIST: { error: ['not_found'], issue: null },
  BAD_REQUEST: { error: ['validation'], issue: ['type'] },
}
/** What the ancestor had no code for: 400 for a calculated field without a setter, 500 for bodies of a wrong kind. */
const setterMissing: Pick<ExpectedProblem, 'error' | 'issue'> = {
  error: ['validation', 'read_only'],
  issue: ['read_only'],
}
const unknown: Pick<ExpectedProblem, 'error' | 'issue'> = { error: ['bad_request', 'validation'], issue: null }

function codesFor(code: string, status: number | undefined): Pick<ExpectedProblem, 'error' | 'issue'> {
  return code === 'UNKNOWN_ERROR' && status === 400 ? setterMissing : (codes[code] ?? unknown)
}

/** The codes, of a problem or its issues, that say what the ancestor's code says. */
export function codesOf(code: string, status: number | undefined): readonly string[] {
  const { error, issue } = codesFor(code, status)
  return issue ?? error
}

function problem(at: At, error: RecordedError): ExpectedProblem {
  return { ...codesFor(error.code, at.recorded.status), fields: placesOf(at, error) }
}

/** Where the fault is, by the names of fields or parameters; empty = anywhere. */
function placesOf(at: At, { code, details }: RecordedError): string[] {
  const field = String(details['field_name'] ?? '')
  switch (code) {
    case 'FIELD_DOES_NOT_EXISTS':
    case 'FIELD_IS_READONLY':
    case 'SEARCH_FORBIDDEN':
      return [field]
    case 'FIELD_UPDATE_FORBIDDEN':
      return forbiddenPlaces(at, String(details['object_name']), field)
    case 'BAD_PARAM_VALUE':
      return [String(details['param_name'])]
    case 'BAD_FIELD_VALUE':
      return [field, ...relationsHolding(at, details['value'])]
    case 'UNKNOWN_ERROR':
      return at.recorded.status === 400 ? settersMissing(at) : []
    default:
      return []
  }
}

/**
 * The ancestor names the field that may not change, which may belong to another row; Restuary's pointer goes into the
 * request body, so it names that field or the one of the body whose other side it is. A deletion has no body.
 */
function forbiddenPlaces(at: At, name: string, field: string): string[] {
  if (at.step.op === 'delete') return []
  const object = objectOf(at.model, name)
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
        else if (field.stores === object && castId(at.model, object, element) === id) found.add(field.ext_name)
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
  const id = castId(at.model, object.name, at.step.args.id)
  return (at.before[object.name] ?? []).some(row => row[key] === id)
}
