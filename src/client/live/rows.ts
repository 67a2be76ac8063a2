import type { Frame, Id } from '../call.ts'
import { orderOf, placeOf, type Comparison, type Entry, type QueryOrder, type Row } from './order.ts'
import { share } from './share.ts'

/** The rows of a query as the server told them, in their order. */
export class Rows {
  /** Replaced entries are new objects, so an entry may be kept and compared. */
  readonly byId: Map<Id, Entry> = new Map()
  entries: Entry[] = []
  /** The rows of the entries, so that showing them is one copy. */
  plain: Row[] = []
  readonly #sort: readonly string[]
  #order: QueryOrder
  /** Whether the order follows from the rows. Otherwise the server tells it. */
  #isOrdered = true
  /** The parts of a snapshot that is not complete. */
  #coming: Entry[] | null = null

  constructor(sort: readonly string[]) {
    this.#sort = sort
    this.#order = orderOf(sort)
  }

  /** The server has told how the sort keys compare. */
  learn(sort: readonly Comparison[]): void {
    this.#order = orderOf(this.#sort, sort)
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
    const entry = kind === 'leave' ? null : { id, row: share(former?.row, data as Row) }
    if (entry) this.byId.set(id, entry)
    else this.byId.delete(id)
    this.put(former, entry, this.entries, this.plain)
  }

  /** Puts an entry where the former one was, or where it belongs now: at the end, if its row does not tell. null = there is none. */
  put(former: Entry | undefined, entry: Entry | null, entries: Entry[], plain: Row[]): void {
    const { compare, tells } = this.#order
    const isPlaced = entry !== null && this.#isOrdered && tells(entry.row)
    let at = former ? this.#placeOf(former, entries) : -1
    if (former && at >= 0 && !(entry && (!isPlaced || compare(former, entry) === 0))) {
      entries.splice(at, 1)
      plain.splice(at, 1)
      at = -1
    }
    if (!entry) return
    const isNew = at < 0
    if (isNew) at = isPlaced ? placeOf(entries, entry, compare) : entries.length
    entries.splice(at, isNew ? 0 : 1, entry)
    plain.splice(at, isNew ? 0 : 1, entry.row)
  }

  #placeOf(entry: Entry, entries: readonly Entry[]): number {
    const at = this.#isOrdered ? placeOf(entries, entry, this.#order.compare) : -1
    return entries[at] === entry ? at : entries.indexOf(entry)
  }

  #put(entries: Entry[]): void {
    this.entries = entries
    this.plain = entries.map(entry => entry.row)
  }
}
