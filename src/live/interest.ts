import { ApiError } from '../protocol/error.ts'
import type { Id, Resource } from '../model/model.ts'
import { all, everything, type Predicate, type Query } from '../query/predicate.ts'
import { printQuery } from '../query/print.ts'
import { authorize } from '../engine/authorize.ts'
import type { Call } from '../engine/call.ts'
import { contextOf } from '../engine/read-row.ts'
import type { Bounds } from '../engine/related.ts'
import { viewOf, type View } from '../engine/view.ts'
import type { Interest } from './group.ts'

/** An interest and the key that equal ones share. */
export interface Keyed {
  readonly key: string
  readonly interest: Interest
  /** The row that is followed, if it is one row. */
  readonly item: Id | null
}

/** What a read call is interested in, from now on. Throws ApiError where the caller may not read. */
export function interestOf(call: Call, authenticating: boolean, bounds: Bounds, now: number): Keyed {
  const { resource } = call
  const visible = authorize(call, authenticating)
  const item = call.operation === 'get' ? call.id : null
  const asked: Query = call.query ?? { where: everything, sort: [], limit: null, offset: 0, cursor: null, total: false }
  if (asked.cursor)
    throw new ApiError('validation', {
      issues: [
        { code: 'unknown_param', parameter: 'cursor', detail: 'a subscription follows a list, not a page; use limit' },
      ],
    })
  const where = all(asked.where, scopeOf(call), item === null ? everything : isId(resource, item))
  const query: Query = { ...asked, where, total: false }
  const view = viewOf(resource, call.shape)
  const who = dependsOnCaller(view) ? `${typeof call.principal?.id}${call.principal?.id ?? ''}` : ''
  const key = `${resource.name}\n${printQuery(query)}\n${query.limit ?? ''},${query.offset}\n${view.variant}\n${who}`
  return {
    key,
    item,
    interest: { resource, query, view, visible, ctx: contextOf(call.principal, call.auth, now), bounds },
  }
}

/** A nested URI follows what belongs to its parent. */
function scopeOf(call: Call): Predicate {
  const { parent } = call
  if (!parent) return everything
  const { field, id, resource } = parent
  if (field.is === 'back') return { kind: 'compare', op: 'eq', field: field.via.name, value: id }
  if (field.is === 'many' && field.inverse)
    return { kind: 'many', field: field.inverse.name, quantifier: 'some', of: isId(resource, id) }
  throw new ApiError('not_found', {
    detail: `${field.name} is one-way; follow ${resource.name} ${id} with include=${field.name} instead`,
  })
}

function isId(resource: Resource, id: Id): Predicate {
  return { kind: 'compare', op: 'eq', field: resource.id.name, value: id }
}

/** Calculated fields may read who asks; then no two callers share a view. */
function dependsOnCaller(view: View): boolean {
  return (
    view.parts.some(part => part.kind === 'calc') ||
    view.loads.some(load => 'view' in load && dependsOnCaller(load.view))
  )
}
