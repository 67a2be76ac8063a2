import { ApiError } from '../../protocol/error.ts'
import type { Id, Resource, Row } from '../../model/model.ts'
import { allOf, everything, nothing, type Predicate, type Query, type SortKey } from '../../query/predicate.ts'
import { printQuery } from '../../query/predicate.ts'
import { isMasked } from '../../engine/read/entity-tags.ts'
import { authorize } from '../../engine/rules/authorize.ts'
import type { CallerChecks } from '../../engine/rules/caller-checks.ts'
import { narrowed } from '../../engine/rules/narrow.ts'
import type { Call } from '../../engine/call/call.ts'
import { Permissions, permissionsOf } from '../../engine/rules/permissions.ts'
import { viewOf, type View } from '../../engine/read/view.ts'

/** What a subscription follows. It is equal for all subscriptions to the same thing. */
export interface Interest {
  readonly resource: Resource
  /** The query's filter, and the restriction to what the caller may see. */
  readonly where: Predicate
  readonly sort: readonly SortKey[]
  readonly limit: number | null
  readonly offset: number
  /** The part of the rule that is a function, which no query can express. */
  readonly opaque: ((row: Row) => boolean) | null
  readonly view: View
  readonly permissions: Permissions
  readonly auth: Readonly<Record<string, unknown>> | undefined
  /** Whether all callers see the same bodies. */
  readonly isShared: boolean
  /** Whether rules hide something of the resource's rows from the caller (engine/read/entity-tags.ts). */
  readonly isMasked: boolean
}

/** An interest with its key. Equal keys share a group. */
export interface Keyed {
  readonly key: string
  readonly interest: Interest
  /** The id of the followed row, if it is a single row. */
  readonly item: Id | null
}

/** What a read call is interested in. Throws ApiError if the caller may not read it, or if it cannot be followed. */
export function interestOf(call: Call, checks: CallerChecks): Keyed {
  const { resource, shape } = call
  const permissions = authorize(call, checks)
  const item = call.operation === 'get' ? call.id : null
  const asked = call.query ?? whole
  refusePages(asked)
  const guard = permissions.read(resource)
  const where = allOf(
    narrowed(resource, asked.where, permissions),
    scopeOf(call, permissions),
    item === null ? everything : hasId(resource, item),
    guard.predicate,
  )
  const view = viewOf(resource, shape)
  const { sort, limit, offset } = asked
  const masked = isMasked(resource, permissions)
  const isShared = !masked && !dependsOnCaller(view, permissions)
  const whose = guard.opaque || !isShared ? callerOf(permissions, call.auth) : ''
  const shown = `${shape.depth} ${shape.include.join()} ${shape.fields?.join() ?? '*'}`
  // Joined and not concatenated: a concatenated string keeps its parts alive, which takes three times the memory per
  // subscription.
  const key = [resource.name, printQuery({ where, sort }), limit, offset, shown, whose].join('\n')
  return {
    key,
    item,
    interest: {
      resource,
      where,
      sort,
      limit,
      offset,
      opaque: guard.opaque,
      view,
      permissions,
      auth: call.auth,
      isShared,
      isMasked: masked,
    },
  }
}

/**
 * The interest for a caller who may see nothing. The subscription then stays open and empty
 * (docs/decisions/013-changed-rights.md).
 */
export function nothingOf({ resource, principal, trusted = false, auth, query }: Call): Keyed {
  const permissions = permissionsOf(principal, trusted)
  const view = viewOf(resource, { depth: 0, include: [], fields: null })
  const sort = query?.sort ?? []
  return {
    key: `nothing\n${resource.name}\n${printQuery({ where: nothing, sort })}`,
    item: null,
    interest: {
      resource,
      where: nothing,
      sort,
      limit: null,
      offset: 0,
      opaque: null,
      view,
      permissions,
      auth,
      isShared: false,
      isMasked: false,
    },
  }
}

const whole: Query = { where: everything, sort: [], limit: null, offset: 0, cursor: null, total: false }

/** Refuses parameters that only make sense for a page. */
function refusePages(query: Query): void {
  const parameter = query.cursor ? 'cursor' : query.total ? 'total' : null
  if (parameter === null) return
  const detail = 'a subscription follows a list, not a page of it; use limit for the first rows of a sort'
  throw new ApiError('validation', { issues: [{ code: 'unknown_param', parameter, detail }] })
}

/** The restriction of a nested URI to the rows of its parent. */
function scopeOf(call: Call, permissions: Permissions): Predicate {
  const { parent } = call
  if (!parent) return everything
  const { field, id, resource } = parent
  // If the caller may no longer see the parent, or the field, nothing below it is visible. This is part of the predicate, so it
  // is noticed when the rights change.
  const seen = permissions.read(resource)
  const shown = permissions.field(resource, field.name, 'read')
  const above = allOf(hasId(resource, id), seen.predicate, shown.predicate)
  if (field.is === 'back')
    return seen.open && shown.open
      ? { kind: 'compare', op: 'eq', field: field.via.name, value: id }
      : { kind: 'one', field: field.via.name, of: above }
  if (field.is === 'many' && field.inverse)
    return { kind: 'many', field: field.inverse.name, quantifier: 'some', of: above }
  throw new ApiError('not_found', {
    detail: `${field.name} is one-way; follow ${resource.name} ${id} with include=${field.name} instead`,
  })
}

/** Matches one row by its id. */
export function hasId(resource: Resource, id: Id): Predicate {
  return { kind: 'compare', op: 'eq', field: resource.id.name, value: id }
}

/**
 * Whether two callers may see different bodies: a calculated field may read the caller, or a rule hides fields or related rows.
 */
function dependsOnCaller(view: View, permissions: Permissions): boolean {
  const { resource } = view
  if (resource.rules?.fields && permissions !== Permissions.all) return true
  if (view.parts.some(part => part.kind === 'calc')) return true
  return view.loads.some(
    load => !permissions.read(load.field.target).open || ('view' in load && dependsOnCaller(load.view, permissions)),
  )
}

/**
 * A text for the caller. Equal callers share a group. Callers that cannot be written as JSON get a number and share with
 * nobody.
 */
function callerOf(permissions: Permissions, auth: Interest['auth']): string {
  try {
    const me = permissions === Permissions.all ? '*' : JSON.stringify(permissions.me)
    return `${me} ${JSON.stringify(auth ?? null)}`
  } catch {
    return `#${++unwritten}`
  }
}

let unwritten = 0
