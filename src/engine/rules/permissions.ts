import type { Id, Resource, Row } from '../../model/model.ts'
import { ID } from '../../model/model.ts'
import { compileTest, type RowAccess } from '../../query/evaluate.ts'
import { allOf, everything, type Predicate } from '../../query/predicate.ts'
import type { Room } from '../../store/room.ts'
import type { Snapshot } from '../../store/store.ts'
import { wait, type Work } from '../../store/work.ts'
import { bindRules, ruleFor } from './bind.ts'
import type { Principal } from '../call/call.ts'
import { readRow } from '../read/row-for-functions.ts'

/** A rule bound to one caller, ready to be used. */
export interface Guard {
  readonly predicate: Predicate
  /** It holds for every row, so nothing has to be checked. */
  readonly open: boolean
  /** It holds for no row. */
  readonly closed: boolean
  /** Evaluates the rule on the row alone. null if the rule reads other rows and the store has to be asked. */
  readonly test: ((row: Row) => boolean) | null
  /** The part of the rule that is a function and cannot be part of a query; null if there is none. */
  readonly opaque: ((row: Row) => boolean) | null
}

const openGuard: Guard = Object.freeze({
  predicate: everything,
  open: true,
  closed: false,
  test: () => true,
  opaque: null,
})

/** What one caller may do. Guards are computed when they are first needed. */
export class Permissions {
  readonly me: Principal | null
  /** Acts for the application itself and may do everything. */
  readonly trusted: boolean
  /**
   * The guards so far, as a linked list. Most callers need few guards, and with thousands of callers, maps would take most of
   * the memory.
   */
  #made: MadeGuard | null = null
  #many: Map<Resource, Map<string, Guard>> | null = null

  constructor(me: Principal | null, trusted: boolean) {
    this.me = me
    this.trusted = trusted
  }

  /** The permissions of the application itself: everything. */
  static readonly all: Permissions = new Permissions(null, true)
  static readonly anonymous: Permissions = new Permissions(null, false)

  read(resource: Resource): Guard {
    return this.for(resource, 'read')
  }

  for(resource: Resource, action: string): Guard {
    if (this.trusted || resource.rules === null) return openGuard
    return this.#find(resource, action) ?? this.#keep(resource, action, guardOf(resource, action, this.me))
  }

  /** The guard of one field; open if it has no rule. */
  field(resource: Resource, name: string, access: 'read' | 'write'): Guard {
    const rule = resource.rules?.fields?.[name]?.[access]
    if (this.trusted || !rule) return openGuard
    const key = `${access} .${name}`
    return (
      this.#find(resource, key) ??
      this.#keep(resource, key, guardFrom(resource, bindRules(resource, rule, this.me), this.me))
    )
  }

  #find(resource: Resource, key: string): Guard | undefined {
    if (this.#many) return this.#many.get(resource)?.get(key)
    for (let made = this.#made; made; made = made.before)
      if (made.resource === resource && made.key === key) return made.guard
    return undefined
  }

  #keep(resource: Resource, key: string, guard: Guard): Guard {
    const count = (this.#made?.count ?? 0) + 1
    if (count <= FEW) this.#made = { resource, key, guard, count, before: this.#made }
    else {
      this.#many ??= mapOf(this.#made)
      mapIn(this.#many, resource).set(key, guard)
    }
    return guard
  }
}

/** Up to this many guards are searched one by one; beyond, a map is made. */
const FEW = 8

interface MadeGuard {
  readonly resource: Resource
  /** An operation, an action or a field. */
  readonly key: string
  readonly guard: Guard
  /** The length of the list up to here. */
  readonly count: number
  readonly before: MadeGuard | null
}

function mapOf(last: MadeGuard | null): Map<Resource, Map<string, Guard>> {
  const guards = new Map<Resource, Map<string, Guard>>()
  for (let made = last; made; made = made.before) mapIn(guards, made.resource).set(made.key, made.guard)
  return guards
}

function mapIn(guards: Map<Resource, Map<string, Guard>>, resource: Resource): Map<string, Guard> {
  let own = guards.get(resource)
  if (!own) guards.set(resource, (own = new Map()))
  return own
}

/** Permissions by principal. Sessions keep one principal object per caller, so guards survive from request to request. */
const known = new WeakMap<Principal, Permissions>()

/** The permissions of a caller. The same principal object gets the same permissions object. */
export function permissionsOf(me: Principal | null, trusted: boolean): Permissions {
  if (trusted) return Permissions.all
  if (!me) return Permissions.anonymous
  let permissions = known.get(me)
  if (!permissions) known.set(me, (permissions = new Permissions(me, false)))
  return permissions
}

function guardOf(resource: Resource, action: string, me: Principal | null): Guard {
  const rule = ruleFor(resource, action)
  if (rule === 'open') return openGuard
  return guardFrom(resource, bindRules(resource, rule ?? { kind: 'constant', value: false }, me), me)
}

/**
 * Makes a guard of a bound rule. What the row alone decides is compiled to a function here, so that most checks ask no store;
 * a function of the declaration cannot become SQL and is kept apart (`opaque`).
 */
export function guardFrom(resource: Resource, bound: ReturnType<typeof bindRules>, me: Principal | null): Guard {
  const { predicate, tests } = bound
  const constant = predicate.kind === 'constant'
  const opaque = tests.length
    ? (row: Row): boolean => {
        const shown = readRow(resource, row, none)
        return tests.every(({ test }) => test(me, shown))
      }
    : null
  const plain = isPlain(predicate) ? compileTest(predicate, resource, ownFields) : null
  return {
    predicate,
    open: constant && predicate.value && !opaque,
    closed: constant && !predicate.value,
    test: plain && opaque ? row => plain(row) && opaque(row) : plain,
    opaque,
  }
}

const none: ReadonlyMap<string, readonly Id[]> = new Map()

/** Reads stored fields only. Predicates that need relations are not compiled with it (see `isPlain`). */
export const ownFields: RowAccess<Row> = {
  value: field => {
    const { slot } = field as unknown as { slot: number }
    return row => row[slot]!
  },
  one: () => () => null,
  many: () => () => [],
}

/** Whether a predicate only looks at stored fields of the row itself. */
function isPlain(predicate: Predicate): boolean {
  switch (predicate.kind) {
    case 'and':
    case 'or':
      return predicate.of.every(isPlain)
    case 'not':
      return isPlain(predicate.of)
    case 'one':
    case 'many':
      return false
    default:
      return true
  }
}

/** The rows that a guard allows. The store is only asked if the rows alone do not decide it. */
export function* allowedRows(
  snapshot: Snapshot,
  resource: Resource,
  rows: readonly Row[],
  guard: Guard,
): Work<readonly Row[]> {
  if (guard.open || rows.length === 0) return rows
  if (guard.closed) return []
  const { test } = guard
  if (test) return rows.filter(test)
  const ids = yield* allowedIds(
    snapshot,
    resource,
    rows.map(row => row[ID] as Id),
    guard,
  )
  return rows.filter(row => ids.has(row[ID] as Id))
}

/** The ids of the rows that exist and that a guard allows, as far as there is room for rows that a function judges. */
export function* allowedIds(
  snapshot: Snapshot,
  resource: Resource,
  ids: readonly Id[],
  guard: Guard,
  room?: Room,
): Work<Set<Id>> {
  if (guard.closed || ids.length === 0) return new Set()
  const among: Predicate = { kind: 'in', field: resource.id.name, values: ids, negated: false }
  const where = allOf(among, guard.predicate)
  const idsOnly = guard.opaque === null
  const select = { where, sort: [], limit: null, offset: 0, cursor: null, idsOnly, room: idsOnly ? undefined : room }
  let rows = yield* wait(snapshot.select(resource, select))
  if (guard.opaque) rows = rows.filter(guard.opaque)
  return new Set(rows.map(row => row[ID] as Id))
}
