import type { Frame, Id } from '../call.ts'
import { idIn, orderOf, placeOf, withId, type Comparison, type QueryOrder, type Row } from './order.ts'
import { share } from './share.ts'

/** The rows of a query as the server told them. */
export class Rows {
  readonly byId: Map<Id, Row> = new Map()
  /** The rows in their order. */
  list: Row[] = []
  readonly #sort: readonly string[]
  #order: QueryOrder
  /** Whether the order follows from the rows. Otherwise the server tells it. */
  #isOrdered = true
  /** The parts of a snapshot that is not complete. */
  #coming: Row[] | null = null

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
    for (const [i, id] of (ids as Id[]).entries()) this.#coming.push(this.#told(id, data[i] as Row))
    if (more) return false
    this.byId.clear()
    for (const row of this.#coming) this.byId.set(idIn(row), row)
    this.list = this.#coming
    this.#coming = null
    return true
  }

  /** Forgets the parts of a snapshot whose rest will not come. */
  interrupt(): void {
    this.#coming = null
  }

  /** Reads what one commit did to the rows in view. */
  commit({ events, order }: Frame): void {
    for (const { kind, id, data, patch } of events as Frame[]) {
      const former = this.byId.get(id)
      const row = kind === 'leave' ? null : this.#told(id, (data ?? { ...former, ...patch }) as Row)
      if (row) this.byId.set(id, row)
      else this.byId.delete(id)
      this.put(former, row, this.list)
    }
    if (!order) return
    this.#isOrdered = false
    this.list = (order as Id[]).flatMap(id => this.byId.get(id) ?? [])
  }

  /** A row as it is told now: the same object if it says the same. */
  #told(id: Id, row: Row): Row {
    return withId(share(this.byId.get(id), row), id)
  }

  /** Puts a row where the former one was, or where it belongs now: at the end, if it does not tell. null = there is none. */
  put(former: Row | undefined, row: Row | null, list: Row[]): void {
    const { compare, tells } = this.#order
    const isPlaced = row !== null && this.#isOrdered && tells(row)
    let at = former ? this.#placeOf(former, list) : -1
    if (at >= 0 && !(row && (!isPlaced || compare(former!, row) === 0))) {
      list.splice(at, 1)
      at = -1
    }
    if (!row) return
    if (at >= 0) list[at] = row
    else list.splice(isPlaced ? placeOf(list, row, compare) : list.length, 0, row)
  }

  #placeOf(row: Row, list: readonly Row[]): number {
    const at = this.#isOrdered ? placeOf(list, row, this.#order.compare) : -1
    return list[at] === row ? at : list.indexOf(row)
  }
}
