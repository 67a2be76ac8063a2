import type { Id } from '../../model/model.ts'

/** How many more entries than rows the heap may have before it is made anew. */
const STALE = 64

interface Entry {
  readonly id: Id
  readonly until: number
}

/** Until when rows live, and which of them live no longer. */
export class DueRows {
  readonly #until = new Map<Id, number>()
  /** A binary heap, the first that is due at its root. Entries of rows that live longer by now are skipped when they come up. */
  #heap: Entry[] = []
  /** Rows whose time is over, and that are not gone yet. */
  readonly #over = new Set<Id>()

  has(id: Id): boolean {
    return this.#until.has(id)
  }

  /** `until` is in milliseconds since 1970. */
  set(id: Id, until: number): void {
    this.#over.delete(id)
    this.#until.set(id, until)
    if (this.#heap.length > 2 * this.#until.size + STALE) this.#rebuild()
    else this.#push({ id, until })
  }

  delete(id: Id): void {
    this.#until.delete(id)
    this.#over.delete(id)
  }

  /** The rows whose time is over. */
  over(now: number): ReadonlySet<Id> {
    for (let first = this.#heap[0]; first !== undefined && first.until <= now; first = this.#heap[0]) {
      this.#pop()
      if (this.#until.get(first.id) === first.until) this.#over.add(first.id)
    }
    return this.#over
  }

  /** When the next row is due; Infinity if there is none. */
  get next(): number {
    return this.#heap[0]?.until ?? Infinity
  }

  #rebuild(): void {
    // A sorted array is a heap.
    const waiting = Array.from(this.#until, ([id, until]) => ({ id, until })).filter(({ id }) => !this.#over.has(id))
    this.#heap = waiting.toSorted((a, b) => a.until - b.until)
  }

  #push(entry: Entry): void {
    const heap = this.#heap
    let at = heap.length
    for (let parent = (at - 1) >> 1; at > 0 && heap[parent]!.until > entry.until; parent = (at - 1) >> 1) {
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = entry
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()!
    if (heap.length === 0) return
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child + 1 < heap.length && heap[child + 1]!.until < heap[child]!.until) child++
      if (child >= heap.length || heap[child]!.until >= last.until) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = last
  }
}
