import type { OrderedList } from './ordered-list.ts'
import type { SortEntry, Sorting } from './sorting.ts'
import type { Images, RowState } from '../step/state.ts'

/**
 * Lists with the same sorting, ordered by how far each of them reaches. When a row moves, only the lists that reach as far as
 * the nearer of its two places can be affected; the others are not visited.
 */
export class ListsByReach {
  readonly sorting: Sorting
  /** Lists with an end, by the last entry that they hold. */
  readonly #sorted: { readonly high: SortEntry; readonly list: OrderedList }[] = []
  /** Lists that hold everything up to the end. */
  readonly #endless = new Set<OrderedList>()
  readonly #known = new Map<OrderedList, SortEntry | null>()

  constructor(sorting: Sorting) {
    this.sorting = sorting
  }

  get size(): number {
    return this.#known.size
  }

  /** Adds a list, or updates it after its reach has changed. */
  put(list: OrderedList): void {
    const { high } = list
    if (this.#known.get(list) === high && this.#known.has(list)) return
    this.delete(list)
    this.#known.set(list, high)
    if (high) this.#sorted.splice(this.#place(high), 0, { high, list })
    else this.#endless.add(list)
  }

  delete(list: OrderedList): void {
    const high = this.#known.get(list)
    if (high === undefined) return
    this.#known.delete(list)
    if (high === null) return void this.#endless.delete(list)
    // Several lists may end at the same entry; this one is among those from the first of them on.
    const from = this.#place(high)
    const at = this.#sorted.findIndex((one, i) => i >= from && one.list === list)
    if (at >= 0) this.#sorted.splice(at, 1)
  }

  /** Visits the lists that a row may affect by moving from one place to another. */
  reaching({ before, after }: Images, was: RowState, is: RowState, visit: (list: OrderedList) => void): void {
    for (const list of this.#endless) visit(list)
    if (this.#sorted.length === 0) return
    const { sorting } = this
    const old = before && sorting.entryOf(before, was)
    const next = after && sorting.entryOf(after, is)
    const nearer = old && next ? (sorting.compare(old, next) < 0 ? old : next) : (old ?? next)
    if (!nearer) return
    for (let i = this.#place(nearer); i < this.#sorted.length; i++) visit(this.#sorted[i]!.list)
  }

  /** Binary search: how many lists end before an entry. */
  #place(entry: SortEntry): number {
    let first = 0
    let end = this.#sorted.length
    while (first < end) {
      const middle = (first + end) >>> 1
      if (this.sorting.compare(this.#sorted[middle]!.high, entry) < 0) first = middle + 1
      else end = middle
    }
    return first
  }
}
