import { isDeepStrictEqual } from 'node:util'
import { recordedError, relationsNaming, targetExists, type At, type Expected } from './expected.ts'
import { castable, faultsOf } from './faults.ts'
import { collection, isObject, keyOf, objectOf, represent } from './oracle.ts'
import { afterDelete, afterReplace, withoutDangling } from './state.ts'
import {
  aboutTarget,
  bothSidesCascade,
  fieldOf,
  isCount,
  isSingle,
  one,
  queried,
  refusal,
  refuse,
  refuseWrite,
  withoutUnusedDefaults,
  withTarget,
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

/** `replace-sees-the-row`: the two recorded steps and what they leave behind. */
const inPlace: Readonly<Record<string, Pick<Expected, 'body' | 'dump'>>> = {
  'suite:test_update_order::test_update_order_2[2-put-args3-3]#0': {
    body: { id: 1, closed: false, cookie_cnt: 3, cookies: [1, 2, 3] },
    dump: {
      cookie: [
        { id: 1, type: 'biscuit', jar: 1 },
        { id: 2, type: 'muffin', jar: 1 },
        { id: 3, type: 'shortbread', jar: 1 },
      ],
      jar: [
        { id: 1, closed: false, cookie_cnt: 3, cookies: [1, 2, 3] },
        { id: 2, cookie_cnt: 0, cookies: [] },
      ],
    },
  },
  'suite:test_update_order::test_update_order_2[2-put-args5-2]#0': {
    body: { id: 1, closed: false, cookie_cnt: 2, cookies: [4, 5] },
    dump: {
      cookie: [
        { id: 1, type: 'biscuit' },
        { id: 2, type: 'muffin' },
        { id: 3, type: 'shortbread', jar: 2 },
        { id: 4, jar: 1 },
        { id: 5, jar: 1 },
      ],
      jar: [
        { id: 1, closed: false, cookie_cnt: 2, cookies: [4, 5] },
        { id: 2, cookie_cnt: 1, cookies: [3] },
      ],
    },
  },
}

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
      const dump = afterReplace(at.model, at.before, e.dump, args.name, args.id)
      return isDeepStrictEqual(dump, e.dump) ? null : { ...e, dump, diverges: true }
    },
  },
  {
    id: 'cascade-on-the-stored-side',
    why: 'onDelete is declared on the to-one side, so a one-to-one cascades one way only',
    rewrite: (at, e) => {
      const { op, args } = at.step
      if (op !== 'delete' || e.status !== 204 || !e.dump || !bothSidesCascade(at)) return null
      const dump = afterDelete(at.model, at.before, args.name, args.id)
      return isDeepStrictEqual(dump, e.dump) ? null : { ...e, dump, diverges: true }
    },
  },
  {
    id: 'no-dangling-ids',
    why: 'A one-way relation has a foreign key like any other',
    rewrite: (at, e) => {
      const { op, args } = at.step
      const before = withoutDangling(at.model, at.before)
      const dump = e.dump && withoutDangling(at.model, e.dump)
      if (isDeepStrictEqual([before, dump], [at.before, e.dump])) return null
      if (op === 'get') {
        const body = args.id === undefined ? collection(at.model, before, args) : one(at, before)
        return { status: 200, body }
      }
      const missing = faultsOf(at.model, before, args.name, args.data)[0]
      if (missing) return { status: 400, problem: refusal(missing), dump: before }
      const body = isObject(e.body) && dump ? represent(at.model, dump, args.name, args.id ?? e.body['id'], 1) : e.body
      return { ...e, body, ...(dump ? { dump } : {}) }
    },
  },
  {
    id: 'bodies-are-objects',
    why: 'An empty list is no object, neither as a body nor as an element of one (a fault of shape)',
    rewrite: (at, e) => {
      const { op, args } = at.step
      const bodies = op === 'post' && Array.isArray(args.data) ? args.data : [args.data]
      if (op === 'get' || op === 'delete' || typeof e.status !== 'number' || !bodies.some(Array.isArray)) return null
      if (e.status === 404) return null
      return refuseWrite(at, { error: ['validation'], issue: ['type'], fields: [] })
    },
  },
  {
    id: 'text-keys-are-chosen',
    why: 'Nobody makes a text key up: it is given by PUT',
    rewrite: (at, e) => {
      const key = objectOf(at.model, at.step.args.name)?.fields.find(f => f.kind === 'scalar' && f.pkey)
      if (at.step.op !== 'post' || e.status !== 201 || key?.kind !== 'scalar' || key.type !== 'str') return null
      return refuseWrite(at, { error: ['validation'], issue: ['required'], fields: [key.ext_name] })
    },
  },
  {
    id: 'no-reference-to-what-is-made-along',
    why: 'A body names rows that are there before it; the ancestor lets it guess the id of a row that it nests',
    rewrite: (at, e) => {
      const { op, args } = at.step
      if (op === 'get' || op === 'delete' || typeof e.status !== 'number' || e.status > 201) return null
      const missing = faultsOf(at.model, withTarget(at), args.name, args.data)[0]
      return missing?.phase === 'reference' ? refuseWrite(at, refusal(missing)) : null
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
    why: 'PUT replaces in place, so a setter sees the list of the row, not an empty one, and makes nothing new',
    rewrite: (at, e) => {
      const exact = inPlace[`${at.case}#${at.index}`]
      return exact ? { ...e, ...exact } : null
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
    id: 'bad-id-404',
    why: 'An id that no row can have is a missing row',
    rewrite: (at, e) => {
      const { id } = at.step.args
      const key = objectOf(at.model, at.step.args.name)?.fields.find(f => f.kind === 'scalar' && f.pkey)
      if (id === undefined || id === null || key?.kind !== 'scalar' || castable(id, key.type)) return null
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
      return field === undefined ? null : refuse(e, ['unknown_field', 'forbidden_field'], [field])
    },
  },
  {
    id: 'limit-and-depth-are-counts',
    why: 'limit and depth are integers, 0 or more; sort is a list of names',
    rewrite: (at, e) => {
      const { limit, depth, sort } = at.step.args
      const issue: IssueCode[] = ['type', 'range', 'format']
      if (limit !== undefined && limit !== null && !isCount(limit)) return refuse(e, issue, ['limit'])
      if (depth !== undefined && depth !== null && !isCount(depth)) return refuse(e, issue, ['depth'])
      return isObject(sort) ? refuse(e, issue, ['sort']) : null
    },
  },
  {
    id: 'filter-has-a-meaning',
    why: 'null is the null test, an object at a relation filters the related row',
    rewrite: (at, e) => {
      const { filter, name, id } = at.step.args
      if (at.step.op !== 'get' || id !== undefined || !isObject(filter) || e.status === 'refused') return null
      const known = Object.keys(filter).every(member => fieldOf(at, member)?.kind !== 'calc')
      const nested = Object.entries(filter).some(
        ([member, value]) => value === null || (isObject(value) && isSingle(at, member)),
      )
      return known && nested ? { status: 200, body: collection(at.model, at.before, { ...at.step.args, name }) } : null
    },
  },
  {
    id: 'list-filter',
    why: 'A list is not compared by equality but with $has, $hasAll, $size',
    rewrite: (at, e) => {
      const field = queried(at).find(name => {
        const known = fieldOf(at, name)
        return known?.kind === 'scalar' && known.type === 'list'
      })
      return field === undefined ? null : refuse(e, ['type', 'unknown_operator'], [field])
    },
  },
  {
    id: 'crash-has-a-meaning',
    why: 'Where the ancestor crashed: 4xx, or the meaning that the request has',
    rewrite: (at, e) => {
      const { op, args } = at.step
      if (e.status !== 'refused' || op !== 'get' || at.recorded.crash === undefined) return null
      const body = args.id === undefined ? collection(at.model, at.before, args) : one(at, at.before)
      return body === null || body === undefined ? null : { ...e, or: { ...e, status: 200, body } }
    },
  },
]
