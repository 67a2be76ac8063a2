import { getOrThrow } from '../../../protocol/get-or-throw.ts'
import type { Id, Resource } from '../../../model/model.ts'
import { printQuery } from '../../../query/predicate.ts'
import type { Predicate } from '../../../query/predicate.ts'
import type { Followed } from '../followed.ts'
import { GroupIndex, type RoutingTarget } from './group-index.ts'
import { RoutingPlan, type ReadFields } from './plan.ts'
import { shapeOf } from './shape.ts'
import { isShownWithRows, planOfView, shapeOfView } from '../step/shown-rows.ts'
import { sortingOf, sortKeyOf, type Sorting } from '../lists/sorting.ts'
import { WindowedList } from '../lists/windows.ts'

/** From this offset on, a window gets a list of its own, which counts the rows before it instead of holding them. */
const DEEP = 1_000

/** The plan of what groups show in addition to their rows. Groups that show the same share it. */
export interface ShownPlan {
  readonly key: string
  readonly plan: RoutingPlan
  groups: number
}

/** What groups with the same shape of predicate read, and how many such groups there are. */
interface Shape extends ReadFields {
  groups: number
}

/** The groups of one resource that are maintained together, and how each of them is found. */
export class Registry<G extends Followed> {
  readonly resource: Resource
  readonly index: GroupIndex<G>
  /** Digests of the bodies that were sent last, for guarded groups that somebody follows. */
  readonly digests: Map<G, Map<Id, number>> = new Map()
  readonly #lists = new Map<string, WindowedList<G>>()
  readonly #listOf = new Map<G, WindowedList<G>>()
  /** By how many lists each is used. */
  readonly #sortings = new Map<string, { readonly sorting: Sorting; lists: number }>()
  readonly #shapes = new Map<string, Shape>()
  readonly #shown = new Map<string, ShownPlan>()
  readonly #shownBy = new Map<G, ShownPlan>()
  #plan: RoutingPlan | null = null
  #size = 0

  constructor(resource: Resource) {
    this.resource = resource
    this.index = new GroupIndex(resource)
  }

  get isEmpty(): boolean {
    return this.#size === 0
  }

  /** What all groups read. Built when it is needed, and again when a new shape comes. */
  get plan(): RoutingPlan {
    return (this.#plan ??= new RoutingPlan(this.resource, this.#shapes.values()))
  }

  get lists(): Iterable<WindowedList<G>> {
    return this.#lists.values()
  }

  get shownPlans(): Iterable<ShownPlan> {
    return this.#shown.values()
  }

  listOf(group: G): WindowedList<G> | undefined {
    return this.#listOf.get(group)
  }

  shownBy(group: G): ShownPlan | undefined {
    return this.#shownBy.get(group)
  }

  add(group: G): void {
    this.#size++
    this.#show(group)
    const { where } = group.interest
    if (!group.isListed) return this.#place(group, where, none)
    const key = listKeyOf(group)
    let list = this.#lists.get(key)
    if (!list) {
      const { interest, visits } = group
      const { resource } = this
      const sorting = this.#sortingOf(group)
      list = new WindowedList(key, { resource, where, opaque: interest.opaque, sorting, visits })
      this.#lists.set(key, list)
      this.#place(list, where, list.definition.sorting.paths)
    }
    list.windows.add(group)
    this.#listOf.set(group, list)
  }

  delete(group: G): void {
    this.#size--
    this.#hide(group)
    this.digests.delete(group)
    const list = this.#listOf.get(group)
    if (!list) return this.#remove(group, group.interest.where, none)
    this.#listOf.delete(group)
    list.windows.delete(group)
    if (list.windows.size > 0) return
    this.#lists.delete(list.key)
    const { where, sorting } = list.definition
    this.#remove(list, where, sorting.paths)
    if (--getOrThrow(this.#sortings, sorting.key).lists === 0) this.#sortings.delete(sorting.key)
  }

  /** Forgets what is known about views. Whoever follows one next begins anew. */
  forget(): void {
    for (const list of this.#lists.values()) list.forget()
    for (const { sorting } of this.#sortings.values()) sorting.forget()
    this.digests.clear()
  }

  #place(target: RoutingTarget<G>, where: Predicate, sort: ReadFields['sort']): void {
    this.index.add(target, where)
    const isAnchored = this.index.isAnchored(target, where)
    const key = shapeKeyOf(where, isAnchored, sort)
    const shape = this.#shapes.get(key)
    if (shape) shape.groups++
    else {
      this.#shapes.set(key, { where, isAnchored, sort, groups: 1 })
      // A new shape may read other places.
      this.#plan = null
    }
  }

  #remove(target: RoutingTarget<G>, where: Predicate, sort: ReadFields['sort']): void {
    this.index.delete(target, where)
    const key = shapeKeyOf(where, this.index.isAnchored(target, where), sort)
    const shape = getOrThrow(this.#shapes, key)
    if (--shape.groups > 0) return
    this.#shapes.delete(key)
    this.#plan = null
  }

  #show(group: G): void {
    const { view, permissions } = group.interest
    if (!group.isGuarded && !isShownWithRows(view)) return
    const key = shapeOfView(view, permissions)
    let shown = this.#shown.get(key)
    if (!shown) this.#shown.set(key, (shown = { key, plan: planOfView(view, permissions), groups: 0 }))
    shown.groups++
    this.#shownBy.set(group, shown)
  }

  #hide(group: G): void {
    const shown = this.#shownBy.get(group)
    if (!shown) return
    this.#shownBy.delete(group)
    if (--shown.groups === 0) this.#shown.delete(shown.key)
  }

  #sortingOf({ interest: { sort } }: G): Sorting {
    const key = sortKeyOf(sort)
    let used = this.#sortings.get(key)
    if (!used) this.#sortings.set(key, (used = { sorting: sortingOf(this.resource, sort), lists: 0 }))
    used.lists++
    return used.sorting
  }
}

const none: readonly never[] = []

/** The key of what a plan has to distinguish. */
function shapeKeyOf(where: Predicate, isAnchored: boolean, sort: ReadFields['sort']): string {
  const keys = sort.filter(({ steps }) => steps.length > 0).map(({ key }) => key)
  return `${isAnchored ? '' : '?'}${shapeOf(where)} ${keys.join()}`
}

/** Equal for windows that can share a list. */
function listKeyOf({ interest }: Followed): string {
  const { where, sort, offset, limit, opaque } = interest
  const own = offset >= DEEP ? `${offset} ${limit}` : ''
  return [printQuery({ where, sort }), own, opaque ? numberOf(opaque) : ''].join('\n')
}

const numbers = new WeakMap<object, number>()
let numbered = 0

/** A number for a function of a rule. Every caller has their own function, so lists with one are never shared between callers. */
function numberOf(opaque: object): number {
  let number = numbers.get(opaque)
  if (number === undefined) numbers.set(opaque, (number = ++numbered))
  return number
}
