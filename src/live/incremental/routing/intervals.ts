import type { Value } from '../../../schema/field.ts'
import type { Order } from '../../../query/order.ts'

interface Interval<T> {
  /** null = unbounded. Both ends are included; the predicate decides what is exact. */
  readonly low: Value | null
  readonly high: Value | null
  readonly of: T
}

/** Up to this many new intervals are kept in a separate list. */
const APART = 32

/** Up to this many removed intervals, or half of all, are only marked. */
const REMOVED = 64

/**
 * Finds the intervals that contain a value in logarithmic time. The intervals are sorted by their lower ends, with a tree of
 * the largest upper ends above them (an interval tree in an array). New intervals go into a short unsorted list until it pays
 * to build the tree again.
 */
export class Intervals<T> {
  readonly #order: Order
  #sorted: Interval<T>[] = []
  /** The largest upper end below each node: node i covers nodes 2i and 2i + 1. undefined = no interval, null = unbounded. */
  #highest: (Value | null | undefined)[] = []
  #leaves = 1
  #recent: Interval<T>[] = []
  readonly #removed = new Set<Interval<T>>()

  constructor(order: Order) {
    this.#order = order
  }

  get size(): number {
    return this.#sorted.length + this.#recent.length - this.#removed.size
  }

  add(low: Value | null, high: Value | null, of: T): void {
    this.#recent.push({ low, high, of })
  }

  delete(low: Value | null, high: Value | null, of: T): void {
    const isIt = (it: Interval<T>): boolean => it.of === of && it.low === low && it.high === high
    const at = this.#recent.findIndex(isIt)
    if (at >= 0) {
      this.#recent.splice(at, 1)
      return
    }
    for (let i = this.#firstFrom(low); i < this.#sorted.length; i++) {
      const it = this.#sorted[i]
      if (!it || this.#compareLow(it.low, low) !== 0) break
      if (!isIt(it) || this.#removed.has(it)) continue
      this.#removed.add(it)
      break
    }
    if (this.#removed.size > REMOVED && this.#removed.size * 2 > this.#sorted.length) this.#build()
  }

  /** Visits the targets of all intervals that contain a value. */
  at(value: Value, visit: (of: T) => void): void {
    const { length } = this.#recent
    if (length > APART && length * length > this.#sorted.length) this.#build()
    for (const { low, high, of } of this.#recent)
      if ((low === null || this.#order(low, value) <= 0) && (high === null || this.#order(high, value) >= 0)) visit(of)
    const end = this.#beginAtOrBelow(value)
    if (end > 0) this.#visit(1, end, value, visit)
  }

  /** Visits what is below a node of the tree, among the first `end` intervals. */
  #visit(node: number, end: number, value: Value, visit: (of: T) => void): void {
    // The nodes of a level are numbered from left to right, so its number tells which intervals a node covers.
    const level = 31 - Math.clz32(node)
    const width = this.#leaves >>> level
    const from = (node - (1 << level)) * width
    if (from >= end) return
    const highest = this.#highest[node]
    if (highest === undefined || (highest !== null && this.#order(highest, value) < 0)) return
    if (width > 1) {
      this.#visit(2 * node, end, value, visit)
      this.#visit(2 * node + 1, end, value, visit)
      return
    }
    const it = this.#sorted[from]
    if (it && !this.#removed.has(it)) visit(it.of)
  }

  #compareLow(a: Value | null, b: Value | null): number {
    return a === null ? (b === null ? 0 : -1) : b === null ? 1 : this.#order(a, b)
  }

  #firstFrom(low: Value | null): number {
    return this.#search(it => this.#compareLow(it.low, low) < 0)
  }

  #beginAtOrBelow(value: Value): number {
    return this.#search(({ low }) => low === null || this.#order(low, value) <= 0)
  }

  /** Binary search: how many of the sorted intervals satisfy a condition that only holds for the first ones. */
  #search(isBefore: (it: Interval<T>) => boolean): number {
    let first = 0
    let end = this.#sorted.length
    while (first < end) {
      const middle = (first + end) >>> 1
      if (isBefore(this.#sorted[middle]!)) first = middle + 1
      else end = middle
    }
    return first
  }

  #build(): void {
    const all = [...this.#sorted.filter(it => !this.#removed.has(it)), ...this.#recent]
    this.#removed.clear()
    this.#recent = []
    this.#sorted = all.toSorted((a, b) => this.#compareLow(a.low, b.low))
    this.#leaves = 1
    while (this.#leaves < all.length) this.#leaves *= 2
    this.#highest = Array.from({ length: 2 * this.#leaves }, () => undefined)
    this.#sorted.forEach(({ high }, i) => (this.#highest[this.#leaves + i] = high))
    for (let i = this.#leaves - 1; i > 0; i--)
      this.#highest[i] = this.#higher(this.#highest[2 * i], this.#highest[2 * i + 1])
  }

  #higher(a: Value | null | undefined, b: Value | null | undefined): Value | null | undefined {
    if (a === undefined || b === undefined) return a === undefined ? b : a
    if (a === null || b === null) return null
    return this.#order(a, b) >= 0 ? a : b
  }
}
