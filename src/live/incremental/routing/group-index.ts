import type { Resource, Value } from '../../../model/model.ts'
import type { Change, Commit } from '../../../store/store.ts'
import type { Predicate } from '../../../query/predicate.ts'
import { anchorsOf, costOf, EXPENSIVE, type Anchor } from './anchors.ts'
import { Intervals } from './intervals.ts'
import { OrderedList } from '../lists/ordered-list.ts'
import { listAt, orderAt, valueAt, valuesAt, type RelationPath } from './path.ts'
import { ListsByReach } from '../lists/lists-by-reach.ts'
import type { Images, RowState } from '../step/state.ts'

/** An entry of the index. `mark` tells whether the current look-up has already visited it. */
export interface Markable {
  mark: number
}

/** What is found in the index: a group, or a sorted list that windows share. */
export type RoutingTarget<G extends Markable> = G | OrderedList

/**
 * An inverted index of groups. A group is found by values at the end of a path, by intervals that contain them, or, for
 * windows, by how far their list reaches. Only groups without any of these are checked for every changed row.
 */
export class GroupIndex<G extends Markable> {
  readonly #resource: Resource
  readonly #values = new Map<RelationPath, Map<Value, CompactSet<RoutingTarget<G>>>>()
  readonly #ranges = new Map<RelationPath, Intervals<RoutingTarget<G>>>()
  readonly #reaches = new Map<string, ListsByReach>()
  readonly #everywhere = new Set<RoutingTarget<G>>()

  constructor(resource: Resource) {
    this.#resource = resource
  }

  /** Whether a target with this predicate is found by its anchors. */
  isAnchored(target: RoutingTarget<G>, where: Predicate): boolean {
    const anchors = anchorsOf(this.#resource, where)
    return anchors !== null && !(target instanceof OrderedList && costOf(anchors) >= EXPENSIVE)
  }

  add(target: RoutingTarget<G>, where: Predicate): void {
    this.#place(target, where, true)
  }

  delete(target: RoutingTarget<G>, where: Predicate): void {
    this.#place(target, where, false)
  }

  /** Updates a list whose reach may have changed. */
  moved(list: OrderedList): void {
    const { definition } = list
    if (!this.isAnchored(list, definition.where)) this.#reaches.get(definition.sorting.key)?.put(list)
  }

  /** Whether any target is found at a value. */
  has(path: RelationPath, value: Value): boolean {
    if (this.#values.get(path)?.has(value)) return true
    let isIn = false
    if (value !== null) this.#ranges.get(path)?.at(value, () => (isIn = true))
    return isIn
  }

  get isEmpty(): boolean {
    return this.#values.size + this.#ranges.size + this.#reaches.size + this.#everywhere.size === 0
  }

  /** Visits every target that a row may affect, each once. */
  visit(images: Images, was: RowState, is: RowState, visitor: (target: RoutingTarget<G>) => void): void {
    const { before, after } = images
    // A new mark per look-up saves a Set of visited targets.
    const mark = ++marks
    const once = (target: RoutingTarget<G>): void => {
      if (target.mark === mark) return
      target.mark = mark
      visitor(target)
    }
    for (const target of this.#everywhere) once(target)
    for (const [path, groups] of this.#values) {
      if (path.isSingle) {
        const old = before ? valueAt(path, before, was) : undefined
        const now = after ? valueAt(path, after, is) : undefined
        if (old !== undefined) forEachMember(groups.get(old), once)
        if (now !== undefined && now !== old) forEachMember(groups.get(now), once)
        continue
      }
      const old = before ? listAt(path, before, was) : null
      const now = after ? listAt(path, after, is) : null
      if (old === undefined || now === undefined) inBoth(groups, valuesOf(path, images, was, is), once)
      else {
        if (old) inBoth(groups, old, once)
        if (now && now !== old) inBoth(groups, now, once)
      }
    }
    for (const [path, intervals] of this.#ranges)
      for (const value of valuesOf(path, images, was, is)) if (value !== null) intervals.at(value, once)
    for (const lists of this.#reaches.values()) lists.reaching(images, was, is, once)
  }

  #place(target: RoutingTarget<G>, where: Predicate, add: boolean): void {
    const anchors = anchorsOf(this.#resource, where)
    if (anchors !== null && this.isAnchored(target, where)) for (const anchor of anchors) this.#put(anchor, target, add)
    else if (target instanceof OrderedList) this.#putByReach(target, add)
    else if (add) this.#everywhere.add(target)
    else this.#everywhere.delete(target)
  }

  #putByReach(list: OrderedList, add: boolean): void {
    const { sorting } = list.definition
    let lists = this.#reaches.get(sorting.key)
    if (!lists) this.#reaches.set(sorting.key, (lists = new ListsByReach(sorting)))
    if (add) lists.put(list)
    else lists.delete(list)
    if (lists.size === 0) this.#reaches.delete(sorting.key)
  }

  #put(anchor: Anchor, target: RoutingTarget<G>, add: boolean): void {
    if ('values' in anchor) this.#putAtValues(anchor.path, anchor.values, target, add)
    else {
      const { path, low, high } = anchor
      let intervals = this.#ranges.get(path)
      if (!intervals) this.#ranges.set(path, (intervals = new Intervals(orderAt(path))))
      if (add) intervals.add(low, high, target)
      else intervals.delete(low, high, target)
      if (intervals.size === 0) this.#ranges.delete(path)
    }
  }

  #putAtValues(path: RelationPath, values: readonly Value[], target: RoutingTarget<G>, add: boolean): void {
    let groups = this.#values.get(path)
    if (!groups) this.#values.set(path, (groups = new Map()))
    for (const value of values) {
      const few = groups.get(value) ?? null
      const next = add ? withMember(few, target) : withoutMember(few, target)
      if (next === null) groups.delete(value)
      else groups.set(value, next)
    }
    if (groups.size === 0) this.#values.delete(path)
  }
}

/** Visits the targets at any of the values. Iterates over the smaller of the two collections. */
function inBoth<T extends object>(
  groups: ReadonlyMap<Value, CompactSet<T>>,
  values: ReadonlySet<Value>,
  add: (target: T) => void,
): void {
  if (values.size <= groups.size) for (const value of values) forEachMember(groups.get(value), add)
  else for (const [value, waiting] of groups) if (values.has(value)) forEachMember(waiting, add)
}

/** The values at the end of a path, in either state. */
function valuesOf(path: RelationPath, { before, after }: Images, was: RowState, is: RowState): Set<Value> {
  const values = new Set<Value>()
  if (before) valuesAt(path, before, was, values)
  if (after) valuesAt(path, after, is, values)
  return values
}

let marks = 0

/** A group whose predicate is about the row alone. */
export interface PlainGroup extends Markable {
  readonly interest: { readonly resource: Resource; readonly where: Predicate }
}

/** Groups for which the changed row alone tells everything, indexed by the values of their rows. */
export class PlainGroups<G extends PlainGroup> {
  readonly #indexes = new Map<Resource, GroupIndex<G>>()

  add(group: G): void {
    const { resource, where } = group.interest
    let index = this.#indexes.get(resource)
    if (!index) this.#indexes.set(resource, (index = new GroupIndex(resource)))
    index.add(group, where)
  }

  delete(group: G): void {
    const { resource, where } = group.interest
    const index = this.#indexes.get(resource)
    index?.delete(group, where)
    // An index of groups that no change can concern is empty; it must not stay behind.
    if (index?.isEmpty) this.#indexes.delete(resource)
  }

  /** The groups that commits may concern, each with the changes that may concern it, by commit. */
  concernedBy(commits: readonly Commit[]): Map<G, Map<Commit, Change[]>> {
    const concerned = new Map<G, Map<Commit, Change[]>>()
    for (const commit of commits)
      for (const change of commit.changes)
        this.#indexes.get(change.resource)?.visit(change, noOthers, noOthers, target => {
          const group = target as G
          let byCommit = concerned.get(group)
          if (!byCommit) concerned.set(group, (byCommit = new Map()))
          const list = byCommit.get(commit)
          if (list) list.push(change)
          else byCommit.set(commit, [change])
        })
    return concerned
  }
}

/** These predicates ask nothing beyond the row itself. */
const noOthers: RowState = { row: () => null, children: () => [], others: () => new Set() }

/**
 * A set that usually has one member and then is that member itself. With a hundred thousand subscriptions, real sets of one
 * element would take most of the memory.
 */
export type CompactSet<T extends object> = T | Set<T> | null

/** Adds a member and returns the new value. */
export function withMember<T extends object>(few: CompactSet<T>, member: T): CompactSet<T> {
  if (few === null || few === member) return member
  if (few instanceof Set) return few.add(member)
  return new Set([few, member])
}

/** Removes a member and returns the new value. */
export function withoutMember<T extends object>(few: CompactSet<T>, member: T): CompactSet<T> {
  if (few === member) return null
  if (!(few instanceof Set) || !few.delete(member) || few.size > 1) return few
  return few.values().next().value ?? null
}

/** Visits all members. Members may be removed meanwhile. */
export function forEachMember<T extends object>(few: CompactSet<T> | undefined, visit: (member: T) => void): void {
  if (few instanceof Set) for (const member of few) visit(member)
  else if (few) visit(few)
}
