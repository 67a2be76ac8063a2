import { isDeepStrictEqual } from 'node:util'
import { recordedError, relationsNaming, targetExists, type At, type Expected } from './expected.ts'
import { castable, castId, keyTypeOf } from './cast.ts'
import { faultsOf, shownType } from './faults.ts'
import { isObject } from '../object.ts'
import { collection, keyOf, objectOf, represent } from './oracle.ts'
import { afterDelete, afterReplace, withoutDangling } from './state.ts'
import {
  aboutTarget,
  asItems,
  bodyWithoutSetters,
  bothSidesCascade,
  fieldOf,
  isCollection,
  isCount,
  isMeaningful,
  one,
  queried,
  refusal,
  refuse,
  refuseWrite,
  textKeyMadeUp,
  withoutUnusedDefaults,
} from './step.ts'
import type { IssueCode } from '../../src/protocol/codes.ts'
import type { Members } from './vector.ts'

/**
 * Where Restuary answers otherwise than the recorded ancestor. Every entry says why and rewrites what is expected;
 * null = it does not speak of the step. They are asked in order, each sees what the ones before it left.
 */
export interface Departure {
  readonly id: string
  readonly why: string
  rewrite(at: At, expected: Expected): Expected | null
}

/** What can be wrong with a member of a query. */
const queryIssues: readonly IssueCode[] = [
  'type',
  'range',
  'format',
  'unknown_field',
  'forbidden_field',
  'unknown_operator',
]

export const departures: readonly Departure[] = [
  {
    id: 'delete-answers-204',
    why: 'RFC 9110 §15.3.5: a deletion has no content',
    rewrite: (at, e) => (at.step.op === 'delete' && e.status === 200 ? { ...e, status: 204, body: null } : null),
  },
  {
    id: 'replace-answers-200',
    why: 'RFC 9110 §9.3.4: 201 only if PUT created',
    rewrite: (at, e) => (at.step.op === 'put' && e.status === 201 && targetExists(at) ? { ...e, status: 200 } : null),
  },
  {
    id: 'replace-deletes-nothing',
    why: 'PUT replaces in place and never runs onDelete',
    rewrite: (at, e) => {
      const { op, args } = at.step
      if (op !== 'put' || e.status !== 200 || !e.dump) return null
      const dump = afterReplace(at.model, at.before, e.dump, args.name, castId(at.model, args.name, args.id))
      return isDeepStrictEqual(dump, e.dump) ? null : { ...e, dump, diverges: true }
    },
  },
  {
    id: 'cascade-on-the-stored-side',
    why: 'onDelete is declared on the to-one side, so a one-to-one cascades one way only',
    rewrite: (at, e) => {
      const { op, args } = at.step
      if (op !== 'delete' || e.status !== 204 || !e.dump || !bothSidesCascade(at)) return null
      const dump = afterDelete(at.model, at.before, args.name, castId(at.model, args.name, args.id))
      return isDeepStrictEqual(dump, e.dump) ? null : { ...e, dump, diverges: true }
    },
  },
  {
    id: 'no-dangling-ids',
    why: 'A one-way relation has a foreign key like any other',
    rewrite: (at, e) => {
      const { op, args } = at.step
      const object = objectOf(at.model, args.name)!
      const before = withoutDangling(at.model, at.before)
      const dump = e.dump && withoutDangling(at.model, e.dump)
      if (isDeepStrictEqual([before, dump], [at.before, e.dump])) return null
      if (op === 'get') {
        const body = isCollection(at) ? collection(at.model, before, args) : one(at, before)
        return body === undefined ? null : { status: 200, body }
      }
      const missing = faultsOf(at.model, before, args.name, args.data)[0]
      if (missing) return { status: 400, problem: refusal(missing), dump: before }
      const body =
        isObject(e.body) && dump
          ? represent(at.model, dump, args.name, castId(at.model, args.name, args.id) ?? e.body[keyOf(object)], 1)
          : e.body
      return { ...e, body, ...(dump ? { dump } : {}) }
    },
  },
  {
    id: 'bodies-are-objects',
    why: 'An empty list is no object, neither as a body nor as an element of one: a fault of shape',
    rewrite: (at, e) => {
      const { op, args } = at.step
      const bodies = op === 'post' && Array.isArray(args.data) ? args.data : [args.data]
      if (op === 'get' || op === 'delete' || typeof e.status !== 'number' || !bodies.some(Array.isArray)) return null
      if (e.status === 404) return null
      return refuseWrite(at, { error: ['validation'], issue: ['type'], fields: [] })
    },
  },
  {
    id: 'no-reference-to-what-is-made-along',
    why: 'A body names rows that are there before it; the ancestor lets it guess the id of a row that it nests',
    rewrite: (at, e) => {
      const { op, args } = at.step
      if (op === 'get' || op === 'delete' || typeof e.status !== 'number' || e.status > 201) return null
      const items = asItems(at, e.dump ?? at.before)
      const missing = items.flatMap(([state, data]) => faultsOf(at.model, state, args.name, data))[0]
      return missing?.phase === 'reference' ? refuseWrite(at, refusal(missing)) : null
    },
  },
  {
    id: 'text-keys-are-chosen',
    why: 'Nobody makes a text key up: it is given by PUT',
    rewrite: (at, e) => {
      if (typeof e.status !== 'number' || e.status > 201) return null
      const key = textKeyMadeUp(at)
      return key === null ? null : refuseWrite(at, { error: ['validation'], issue: ['required'], fields: [key] })
    },
  },
  {
    id: 'defaults-where-nothing-is-given',
    why: 'A default is asked for only where the body leaves the field out; the ancestor makes its rows all the same',
    rewrite: (at, e) => {
      if (at.step.op !== 'post' || e.status !== 201 || !e.dump) return null
      const dump = withoutUnusedDefaults(at, e.dump)
      return dump === null ? null : { ...e, dump, diverges: true }
    },
  },
  {
    id: 'bulk-shows-the-outcome',
    why: 'An array is one request: its answer shows the rows as they are after all of it',
    rewrite: (at, e) => {
      const { op, args } = at.step
      const object = objectOf(at.model, args.name)
      if (op !== 'post' || e.status !== 201 || !Array.isArray(e.body) || !e.dump || !object) return null
      const { dump } = e
      const key = keyOf(object)
      return { ...e, body: e.body.map((row: Members) => represent(at.model, dump, args.name, row[key], 1)) }
    },
  },
  {
    id: 'replace-sees-the-row',
    why: 'PUT replaces in place, so a setter sees the list of the row that is there, not an empty one',
    rewrite: (at, e) => {
      if (at.step.op !== 'put' || e.status !== 200) return null
      const as = bodyWithoutSetters(at)
      return as && { ...e, as }
    },
  },
  {
    id: 'missing-reference-400',
    why: '404 speaks of the target of the call only; a body that names a missing row is 400 `reference`',
    rewrite: (at, e) => {
      const recorded = recordedError(at.recorded)
      if (e.status !== 404 || !recorded || aboutTarget(at, recorded.details)) return null
      const { object_name: object, object_id: id } = recorded.details
      const fields = relationsNaming(at, String(object), id)
      return { ...e, status: 400, problem: { error: ['validation'], issue: ['reference'], fields } }
    },
  },
  {
    id: 'mixed-faults',
    why: 'Shape before references before writability, each phase all at once',
    rewrite: (at, e) => {
      const recorded = recordedError(at.recorded)
      if (!recorded || (e.status === 404 && aboutTarget(at, recorded.details))) return null
      const late = ['OBJECT_DOES_NOT_EXIST', 'FIELD_UPDATE_FORBIDDEN', 'UNKNOWN_ERROR'].includes(recorded.code)
      if (!late || at.step.args.data === undefined) return null
      const faults = faultsOf(at.model, at.before, at.step.args.name, at.step.args.data)
      const first =
        faults.find(f => f.phase === 'shape') ?? (recorded.code === 'FIELD_UPDATE_FORBIDDEN' ? faults[0] : null)
      if (!first) return null
      return { ...e, status: 400, problem: refusal(first) }
    },
  },
  {
    id: 'calculated-fields-have-a-type',
    why: 'What a calculated field shows is of its type, and so is what it takes',
    rewrite: (at, e) => {
      const { op, args } = at.step
      const odd = faultsOf(at.model, at.before, args.name, args.data).find(
        fault => fieldOf(at, fault.field)?.kind === 'calc',
      )
      const isRefused = typeof e.status !== 'number' || e.status >= 400
      if (op === 'get' || op === 'delete' || isRefused || !odd) return null
      return refuseWrite(at, refusal(odd))
    },
  },
  {
    id: 'bad-id-404',
    why: 'An id that no row can have is a missing row',
    rewrite: (at, e) => {
      const { id } = at.step.args
      const isPossible = id !== '' && castable(id, keyTypeOf(at.model, at.step.args.name))
      if (id === undefined || id === null || isPossible) return null
      return { ...e, status: 404, problem: { error: ['not_found'], issue: null, fields: [] } }
    },
  },
  {
    id: 'client-fault-is-not-500',
    why: 'A 500 that the input caused is 400',
    rewrite: (_, e) => (e.status === 500 ? { ...e, status: 400 } : null),
  },
  {
    id: 'hidden-is-not-filterable',
    why: 'Hidden fields can be neither filtered nor sorted by',
    rewrite: (at, e) => {
      const field = queried(at).find(name => fieldOf(at, name)?.hidden)
      return field === undefined ? null : refuse(at, e, ['unknown_field', 'forbidden_field'], [field])
    },
  },
  {
    id: 'filter-has-a-meaning',
    why: 'null is the null test, an object at a relation filters the related row',
    rewrite: (at, e) => {
      const { filter, name } = at.step.args
      if (!isCollection(at) || !isObject(filter) || e.status === 'refused') return null
      const isSpecial = Object.values(filter).some(value => value === null || isObject(value))
      if (!isSpecial) return null
      const odd = Object.keys(filter).filter(member => !isMeaningful(at.model, name, { [member]: filter[member] }))
      if (odd.length > 0) return refuse(at, e, queryIssues, odd)
      const body = collection(at.model, at.before, at.step.args)
      return body && { status: 200, body }
    },
  },
  {
    id: 'limit-and-depth-are-counts',
    why: 'limit and depth are integers, 0 or more; sort is a list of names',
    rewrite: (at, e) => {
      const { limit, depth, sort } = at.step.args
      const issue: IssueCode[] = ['type', 'range', 'format']
      const isOdd = (count: unknown): boolean => count !== undefined && count !== null && !isCount(count)
      if (at.step.op !== 'get') return null
      const odd = [
        ...(isOdd(depth) ? ['depth'] : []),
        ...(isCollection(at) && isOdd(limit) ? ['limit'] : []),
        ...(isCollection(at) && isObject(sort) ? ['sort'] : []),
      ]
      return odd.length > 0 ? refuse(at, e, issue, odd) : null
    },
  },
  {
    id: 'only-plain-values-compare',
    why: 'A list, an object, or a value of any type is neither equal to another nor before it; lists have $has, $hasAll, $size',
    rewrite: (at, e) => {
      const isPlain = (name: string): boolean => {
        const field = fieldOf(at, name)
        if (field?.kind === 'calc') return shownType(at.model, field) !== null
        return field?.kind !== 'scalar' || (field.type !== 'list' && field.type !== 'dict' && field.type !== null)
      }
      const odd = queried(at).filter(name => !isPlain(name))
      return odd.length > 0 ? refuse(at, e, queryIssues, odd) : null
    },
  },
  {
    id: 'crash-has-a-meaning',
    why: 'Where the ancestor crashed: 4xx, or the meaning that the request has',
    rewrite: (at, e) => {
      const { op, args } = at.step
      if (e.status !== 'refused' || op !== 'get' || at.recorded.crash === undefined) return null
      const body = isCollection(at) ? collection(at.model, at.before, args) : one(at, at.before)
      return body === null || body === undefined ? null : { ...e, or: { ...e, status: 200, body } }
    },
  },
]
