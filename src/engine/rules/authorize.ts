import { ApiError } from '../../protocol/error.ts'
import { isGet } from '../../protocol/method.ts'
import type { Action, Model, Resource } from '../../model/model.ts'
import type { Limits } from '../../protocol/limits.ts'
import type { CursorKey } from '../../query/cursor.ts'
import {
  contextOf,
  isRead,
  type Call,
  type CallOrigin,
  type Operation,
  type Showing,
  type CallTarget,
} from '../call/call.ts'
import { ruleFor } from './bind.ts'
import { printRule } from './explain-rules.ts'
import type { CallerChecks } from './caller-checks.ts'
import type { PipelineCheck } from '../call/invocation.ts'
import { Permissions, permissionsOf, type Guard } from './permissions.ts'
import { checkSort } from './narrow.ts'
import type { Bounds } from '../read/related/load-related.ts'
import { accountOf } from './rate-limiter.ts'
import type { NewId } from '../write/unit-of-work.ts'
import type { Visits } from '../../store/store.ts'
import type { Terms } from '../../store/terms.ts'

/** The step `caller`: what callers must pass before rules are asked. null if there is nothing to pass. */
export function checkingCaller(callerChecks: CallerChecks, model: Model): PipelineCheck | null {
  const isOpen =
    callerChecks.isOpen && [...model.resources.values(), ...model.standalone.values()].every(one => !one.permissions)
  return isOpen ? null : ({ call, isFollowed }) => callerChecks.check(call, isFollowed)
}

export interface AdmitOptions {
  readonly store: { readonly terms: Terms }
  readonly limits: Limits
  readonly clock: () => number
  readonly callerChecks: CallerChecks
  readonly cursorKey: CursorKey
  readonly newId: NewId
}

/** Rows that are loaded to compute an answer may take so many times the bytes of a page. */
const COMPUTED = 4
const unbounded: Bounds = { ids: null, rows: null, total: Infinity, bytes: Infinity, computed: Infinity }

/**
 * The step `authorise`: refuses operations that the caller may do on no row at all, and collects what the operation needs
 * besides the call: the caller's permissions, the time, and how much one call may request.
 */
export function admitting({ store, limits, clock, callerChecks, cursorKey, newId }: AdmitOptions): PipelineCheck {
  const { sortedRows } = limits
  const bounded: Bounds = {
    ids: limits.relatedIds,
    rows: limits.maxPage,
    total: limits.expandedRows,
    bytes: limits.listBytes,
    computed: COMPUTED * limits.listBytes,
  }
  const inTurn = visitsInTurn(limits)
  return invocation => {
    const { call, tx } = invocation
    // What is within a transaction ends in this turn of the event loop.
    const endsInTurn = tx !== null || !isRead(call.operation)
    invocation.writing = {
      terms: store.terms,
      ctx: contextOf(call.principal, call.auth, clock()),
      bounds: call.unbounded ? unbounded : bounded,
      sortedRows,
      cursorKey,
      visits: call.unbounded ? undefined : endsInTurn ? inTurn : new CallVisits(limits.visitedRows, call),
      pageBytes: call.unbounded ? Infinity : limits.pageBytes,
      listBytes: call.unbounded ? Infinity : limits.listBytes,
      permissions: authorize(call, callerChecks),
      newId,
      values: call.unbounded ? null : limits,
      bulk: call.unbounded ? Infinity : limits.bulk,
      hashes: null,
    }
  }
}

/** The rows that queries of one call may visit. Whom they are charged to is only asked if there are many. */
class CallVisits implements Visits {
  readonly most: number
  readonly #call: Call

  constructor(most: number, call: Call) {
    this.most = most
    this.#call = call
  }

  get account(): string {
    return accountOf(this.#call)
  }
}

/** The rows that queries may visit that have to end in this turn of the event loop. */
export function visitsInTurn({ visitedInTurn }: Limits): Visits {
  return Object.freeze({ most: visitedInTurn, account: null })
}

/** The error for a request that could not be read: 401 or 403 if its caller may not make it at all, else `fault`. */
export function refusalOf(callerChecks: CallerChecks, asked: CallTarget & CallOrigin, fault: ApiError): ApiError {
  if (fault.isFault) return fault
  try {
    callerChecks.check(asked)
    authorize(asked, callerChecks)
    return fault
  } catch (thrown) {
    return ApiError.from(thrown)
  }
}

/** The parts of a call that decide whether it is allowed. */
type Asking = CallTarget & CallOrigin & Partial<Pick<Showing, 'query'>>

/** Which rule guards an operation. `act` is handled by `authorizeAction`. */
const actions: Readonly<Record<Operation, string>> = {
  list: 'read',
  get: 'read',
  create: 'create',
  replace: 'write',
  patch: 'write',
  delete: 'delete',
  act: 'read',
}

/**
 * The caller's permissions. Throws if the operation is refused whatever the row: ApiError `unauthenticated` for an anonymous
 * caller, `forbidden` for a known one (RFC 9110 §15.5), `method_not_allowed` for a write to a read-only resource.
 */
export function authorize(call: Asking, checks: CallerChecks): Permissions {
  const { resource, operation } = call
  if (operation === 'act') return authorizeAction(call, checks)
  const reads = isRead(operation)
  if (resource.options.readOnly && !reads)
    throw new ApiError('method_not_allowed', { detail: `${resource.name} can only be read` })
  const permissions = permissionsOf(call.principal, call.trusted ?? false)
  if (permissions === Permissions.all) return permissions
  if (resource.rules === null) {
    if (checks.closesUnruled && !(resource.options.public && reads) && isUnknown(call, checks))
      throw refusal(call, resource)
  } else if (
    permissions.for(resource, actions[operation]).closed &&
    !(operation === 'replace' && !permissions.for(resource, 'create').closed)
  )
    throw refusal(call, resource)
  if (call.parent && permissions.read(call.parent.resource).closed) throw refusal(call, call.parent.resource)
  if (call.query) checkSort(resource, call.query, permissions)
  return permissions
}

/**
 * The permissions for an action. If it is not on a row, its rule must hold by what is known about the caller; on a row, the
 * rule may depend on the row. In an API that identifies callers, a resource without rules opens with `.public()` its reading
 * actions, or all actions if it has no rows.
 */
function authorizeAction(call: Asking, checks: CallerChecks): Permissions {
  const { resource } = call
  const action = call.action!
  const permissions = permissionsOf(call.principal, call.trusted ?? false)
  if (permissions === Permissions.all) return permissions
  if (resource.rules === null) {
    const open = resource.options.public && (isGet(action.method) || resource.standalone)
    if (checks.closesUnruled && !open && isUnknown(call, checks)) throw refusal(call, resource)
    return permissions
  }
  const guard = permissions.for(resource, ruleOf(action))
  const refused = action.on === 'row' ? guard.closed : !allowsWithoutRow(guard)
  if (refused) throw refusal(call, resource)
  return permissions
}

/** Whether the caller is anonymous, and no permission class decides about anonymous callers. */
function isUnknown({ principal, resource }: Asking, { permissions }: CallerChecks): boolean {
  return !principal && (resource.permissions ?? permissions) === null
}

/** Whether a rule that is only about the caller holds. */
function allowsWithoutRow(guard: Guard): boolean {
  if (guard.open || guard.closed) return guard.open
  const { predicate, opaque } = guard
  return predicate.kind === 'constant' && predicate.value && opaque !== null && opaque([])
}

/** The name of an action's rule. It has a prefix, because an action may be called `delete` like an operation. */
export function ruleOf(action: Action): string {
  return `act ${action.name}`
}

/** Refuses a PUT that would make a row if the caller may make none. */
export function checkCreate(call: Asking, permissions: Permissions): void {
  if (permissions.for(call.resource, 'create').closed) throw refusal({ ...call, operation: 'create' }, call.resource)
}

function refusal(call: Asking, resource: Resource): ApiError {
  if (!call.principal)
    return new ApiError('unauthenticated', { detail: `authenticate first: ${resource.name} is not open to everyone` })
  const rule = ruleFor(resource, call.action ? ruleOf(call.action) : actions[call.operation])
  const cause = rule === null ? 'no rule allows it' : rule === 'open' ? undefined : `rule ${printRule(rule)}`
  return new ApiError('forbidden', {
    detail: `you may not ${call.action?.name ?? call.operation} ${resource.name}`,
    cause,
  })
}
