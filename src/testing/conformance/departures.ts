import { isDeepStrictEqual } from 'node:util'
import { recordedError, relationsNaming, targetExists, type At, type Expected } from './expected.ts'
import { castable, faultsOf, type Fault } from './faults.ts'
import { collection, isObject, objectOf, represent, rowOf } from './oracle.ts'
import { afterDelete, afterReplace, withoutDangling } from './state.ts'
import type { IssueCode } from '../../protocol/codes.ts'

/**
 * Where Restuary answers otherwise than the recorded ancestor. Every entry says why and rewrites what is expected;
 * null = it does not speak of the step. They are asked in order, each sees what the ones before it left.
 */
export interface Departure {
  readonly id: string
  readonly why: string
  rewrite(at: At, expected: Expected): Expected | null
}

const shape = ['validation', 'bad_request'] as const

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
    why: 'PUT replaces in place and never runs onDelete (A3)',
    rewrite: (at, e) => {
      const { op, args } = at.step
      if (op !== 'put' || e.status !== 200 || !e.dump) return null
      const dump = afterReplace(at.model, at.before, e.dump, args.name, args.id)
      return isDeepStrictEqual(dump, e.dump) ? null : { ...e, dump, diverges: true }
    },
  },
  {
    id: 'cascade-on-the-stored-side',
    why: 'onDelete is declared on the to-one side, so a one-to-one cascades one way only (B8)',
    rewrite: (at, e) => {
      const { op, args } = at.step
      if (op !== 'delete' || e.status !== 204 || !e.dump || !bothSidesCascade(at)) return null
      const dump = afterDelete(at.model, at.before, args.name, args.id)
      return isDeepStrictEqual(dump, e.dump) ? null : { ...e, dump, diverges: true }
    },
  },
  {
    id: 'no-dangling-ids',
    why: 'A one-way relation has a foreign key like any other (B8)',
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
    id: 'mixed-faults',
    why: 'Shape before references before writability, each phase all at once (B7)',
    rewrite: (at, e) => {
      const recorded = recordedError(at.recorded)
      if (!recorded || (e.status === 404 && aboutTarget(at, recorded.details))) return null
      const late = ['OBJECT_DOES_NOT_EXIST', 'FIELD_UPDATE_FORBIDDEN', 'UNKNOWN_ERROR'].includes(recorded.code)
      if (!late || at.step.args.data === undefined) return null
      const faults = faultsOf(at.model, at.before, at.step.args.name, at.step.args.data)
      const first = faults.find(f => f.phase === 'shape') ?? faults[0]
      if (!first) return null
      return { ...e, status: 400, problem: refusal(first) }
    },
  },
  {
    id: 'missing-reference-400',
    why: '404 speaks of the target of the call only; a body that names a missing row is 400 `reference` (A4)',
    rewrite: (at, e) => {
      const recorded = recordedError(at.recorded)
      if (e.status !== 404 || !recorded || aboutTarget(at, recorded.details)) return null
      const { object_name: object, object_id: id } = recorded.details
      const fields = relationsNaming(at, String(object), id)
      return { ...e, status: 400, problem: { error: ['validation'], issue: ['reference'], fields } }
    },
  },
  {
    id: 'bad-id-404',
    why: 'An id that no row can have is a missing row (D2, D12)',
    rewrite: (at, e) => {
      const { id } = at.step.args
      const key = objectOf(at.model, at.step.args.name)?.fields.find(f => f.kind === 'scalar' && f.pkey)
      if (id === undefined || id === null || key?.kind !== 'scalar' || castable(id, key.type)) return null
      return { ...e, status: 404, problem: { error: ['not_found'], issue: null, fields: [] } }
    },
  },
  {
    id: 'client-fault-is-not-500',
    why: 'A 500 that the input caused is 400 (B7)',
    rewrite: (_, e) => (e.status === 500 ? { ...e, status: 400 } : null),
  },
  {
    id: 'hidden-is-not-filterable',
    why: 'Hidden fields can be neither filtered nor sorted by (B6)',
    rewrite: (at, e) => {
      const field = queried(at).find(name => fieldOf(at, name)?.hidden)
      return field === undefined ? null : refuse(e, ['unknown_field', 'forbidden_field'], [field])
    },
  },
  {
    id: 'limit-and-depth-are-counts',
    why: 'limit and depth are integers, 0 or more; sort is a list of names (B6)',
    rewrite: (at, e) => {
      const { limit, depth, sort } = at.step.args
      const issue: IssueCode[] = ['type', 'range', 'format']
      if (limit !== undefined && limit !== null && !isCount(limit)) return refuse(e, issue, ['limit'])
      if (depth !== undefined && depth !== null && !isCount(depth)) return refuse(e, issue, ['depth'])
      return sort === undefined || sort === null || Array.isArray(sort) ? null : refuse(e, issue, ['sort'])
    },
  },
  {
    id: 'filter-has-a-meaning',
    why: 'null is the null test, an object at a relation filters the related row (B6)',
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
    why: 'A list is not compared by equality but with $has, $hasAll, $size (B6)',
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
    why: 'Where the ancestor crashed: 4xx, or the meaning that the request has (B6)',
    rewrite: (at, e) => {
      const { op, args } = at.step
      if (e.status !== 'refused' || op !== 'get' || at.recorded.crash === undefined) return null
      const body = args.id === undefined ? collection(at.model, at.before, args) : one(at, at.before)
      return body === null || body === undefined ? null : { ...e, or: { ...e, status: 200, body } }
    },
  },
]

function aboutTarget(at: At, details: Readonly<Record<string, unknown>>): boolean {
  const { name, id } = at.step.args
  return id !== undefined && details['object_name'] === name && String(details['object_id']) === String(Number(id))
}

function bothSidesCascade(at: At): boolean {
  return at.model.objects.some(object =>
    object.fields.some(field => {
      if (field.kind !== 'rel' || !field.cascade || field.multi || field.other === null) return false
      const other = objectOf(at.model, field.stores)?.fields.find(f => f.name === field.other)
      return other?.kind === 'rel' && other.cascade && other !== field
    }),
  )
}

function one(at: At, state: At['before']): unknown {
  const { name, id, depth } = at.step.args
  if (!rowOf(at.model, state, name, id)) return undefined
  return represent(at.model, state, name, id, typeof depth === 'number' ? depth : 1)
}

function fieldOf(at: At, name: string): NonNullable<ReturnType<typeof objectOf>>['fields'][number] | undefined {
  return objectOf(at.model, at.step.args.name)?.fields.find(f => f.ext_name === name)
}

function isSingle(at: At, name: string): boolean {
  const field = fieldOf(at, name)
  return field?.kind === 'rel' && !field.multi
}

/** Names that a collection's filter and sort use. */
function queried(at: At): string[] {
  const { filter, sort, id } = at.step.args
  if (at.step.op !== 'get' || id !== undefined) return []
  const words = Array.isArray(sort) ? sort.map(word => String(word).replace(/^-/, '')) : []
  return [...(isObject(filter) ? Object.keys(filter) : []), ...words]
}

function isCount(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0
}

function refuse(e: Expected, issue: readonly IssueCode[], fields: readonly string[]): Expected {
  const state = { ...(e.dump ? { dump: e.dump } : {}), ...(e.stored ? { stored: e.stored } : {}) }
  return { status: 400, problem: { error: [...shape, 'forbidden_field', 'unknown_param'], issue, fields }, ...state }
}

function refusal(fault: Fault): NonNullable<Expected['problem']> {
  return { error: ['validation', 'read_only'], issue: fault.issue, fields: [fault.field] }
}
