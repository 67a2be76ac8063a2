import type { Resource, Row, Value } from '../../../model/model.ts'
import type { Predicate } from '../../../query/predicate.ts'
import { forEachMember, withoutMember, withMember, type CompactSet } from '../../views/compact-set.ts'
import { anchorsOf, costOf, EXPENSIVE, type Anchor } from './anchors.ts'
import { Intervals } from './intervals.ts'
import { OrderedList } from '../lists/ordered-list.ts'
import { listAt, orderAt, valueAt, valuesAt, type RelationPath } from './path.ts'
import { ListsByReach } from '../lists/lists-by-reach.ts'
import type { RowState } from '../step/state.ts'

/** An entry of the index. `mark` tells whether the current look-up has already visited it. */
export interface Markable {
  mark: number
}

/** What is found in the index: a group, or a sorted list that windows share. */
export type RoutingTarget<G extends Markable> = G | OrderedList

/** A row before and after a step. */
export interface Images {
  readonly before: Row | null
  readonly after: Row | null
}

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
  visit({ before, after }: Images, was: RowState, is: RowState, visitor: (target: RoutingTarget<G>) => void): void {
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
      if (old === undefined || now === undefined) inBoth(groups, valuesOf(path, before, after, was, is), once)
      else {
        if (old) inBoth(groups, old, once)
        if (now && now !== old) inBoth(groups, now, once)
      }
    }
    for (const [path, intervals] of this.#ranges)
      for (const value of valuesOf(path, before, after, was, is)) if (value !== null) intervals.at(value, once)
    for (const lists of this.#reaches.values()) lists.reaching(before, after, was, is, once)
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

function valuesOf(path: RelationPath, before: Row | null, after: Row | null, was: RowState, is: RowState): Set<Value> {
  const values = new Set<Value>()
  if (before) valuesAt(path, before, was, values)
  if (after) valuesAt(path, after, is, values)
  return values
}

let marks = 0
