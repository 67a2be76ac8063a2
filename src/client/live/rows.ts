import type { Frame, Id } from '../call.ts'
import { orderOf, placeOf, tellsOrder, type Compare, type Comparison, type Entry, type Row } from './order.ts'
import { share } from './share.ts'

/** The rows of a query as the server told them, in their order. */
export class Rows {
  /** Replaced entries are new objects, so an entry may be kept and compared. */
  readonly byId: Map<Id, Entry> = new Map()
  entries: Entry[] = []
  /** The rows of the entries, so that showing them is one copy. */
  plain: Row[] = []
  compare: Compare
  readonly #sort: readonly string[]
  /** Whether the order follows from the rows. Otherwise the server tells it. */
  #isOrdered = true
  /** The parts of a snapshot that is not complete. */
  #coming: Entry[] | null = null

  constructor(sort: readonly string[]) {
    this.#sort = sort
    this.compare = orderOf(sort)
  }

  /** The server has told how the sort keys compare. */
  learn(sort: readonly Comparison[]): void {
    this.compare = orderOf(this.#sort, sort)
    this.#isOrdered &&= !sort.includes(null)
  }

  /** Whether a row like this can be put in its place. */
  isOrdered(row: Row): boolean {
    return this.#isOrdered && tellsOrder(row, this.#sort)
  }

  /** Reads a part of a snapshot. Returns whether it was the last one. */
  snapshot({ op, data, ids, more }: Frame): boolean {
    if (op === 'reset' || this.#coming === null) this.#coming = []
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i] as Id
      const former = this.byId.get(id)
      const row = share(former?.row, data[i] as Row)
      this.#coming.push(former && former.row === row ? former : { id, row })
    }
    if (more) return false
    this.byId.clear()
    for (const entry of this.#coming) this.byId.set(entry.id, entry)
    this.#put(this.#coming)
    this.#coming = null
    return true
  }

  /** Forgets the parts of a snapshot whose rest will not come. */
  interrupt(): void {
    this.#coming = null
  }

  /** Reads what one commit did to the rows in view. */
  commit({ events, order }: Frame): void {
    for (const event of events as Frame[]) this.#event(event)
    if (!order) return
    this.#isOrdered = false
    this.#put((order as Id[]).flatMap(id => this.byId.get(id) ?? []))
  }

  #event({ kind, id, data }: Frame): void {
    const former = this.byId.get(id)
    if (kind === 'leave') {
      if (!former) return
      this.byId.delete(id)
      return removeAt(this.placeOf(former), this.entries, this.plain)
    }
    const entry: Entry = { id, row: share(former?.row, data as Row) }
    this.byId.set(id, entry)
    if (former) {
      const at = this.placeOf(former)
      if (!this.isOrdered(entry.row) || this.compare(former, entry) === 0) {
        this.entries[at] = entry
        this.plain[at] = entry.row
        return
      }
      removeAt(at, this.entries, this.plain)
    }
    this.insert(entry, this.entries, this.plain)
  }

  /** Puts an entry where it belongs; at the end, if its row does not tell. */
  insert(entry: Entry, entries: Entry[], plain: Row[]): void {
    const at = this.isOrdered(entry.row) ? placeOf(entries, entry, this.compare) : entries.length
    entries.splice(at, 0, entry)
    plain.splice(at, 0, entry.row)
  }

  placeOf(entry: Entry): number {
    const at = this.#isOrdered ? placeOf(this.entries, entry, this.compare) : -1
    return this.entries[at] === entry ? at : this.entries.indexOf(entry)
  }

  #put(entries: Entry[]): void {
    this.entries = entries
    this.plain = entries.map(entry => entry.row)
  }
}

export function removeAt(at: number, entries: Entry[], plain: Row[]): void {
  entries.splice(at, 1)
  plain.splice(at, 1)
}
