import type { Filter, Row, RowPage } from '../../server/client.ts'
import { between, placeOf, reversed, sortWords, type Place, type TableSort } from './keyset.ts'
import { spanOf } from './span.ts'

/** How many rows one request skips. A server visits as many at once; more go on beside its event loop. */
const HOP = 4_000
/** How often a value is guessed before rows are skipped instead. */
const GUESSES = 12

/** Lists rows that a filter selects. */
type Ask = (filter: Filter | null, options: Readonly<Record<string, unknown>>) => Promise<RowPage>

/**
 * Finds behind which row a row of a table stands, by its index. Values that can be counted with are guessed, and the server says how
 * many rows come after the guess: a few questions for any number of rows. Else it goes there from the nearest place that is known.
 */
export class Places {
  readonly #ask: Ask
  readonly #sort: TableSort
  readonly #id: string
  readonly #known = new Map<number, Place | null>([[0, null]])

  constructor(ask: Ask, sort: TableSort, id: string) {
    this.#ask = ask
    this.#sort = sort
    this.#id = id
  }

  /** Remembers behind which row the row at an index stands. */
  set(index: number, place: Place): void {
    this.#known.set(index, place)
  }

  /** Behind which row the row at an index stands: null = it is the first, undefined = there are not so many. */
  async find(index: number, total: number): Promise<Place | null | undefined> {
    if (this.#below(index) + HOP < index) await this.#approach(index, total)
    let at = this.#below(index)
    while (at < index) {
      const step = Math.min(index - at, HOP)
      const found = await this.#rowAfter(this.#known.get(at)!, step)
      if (!found) return undefined
      at += step
      this.set(at, placeOf(found, this.#sort, this.#id))
    }
    return this.#known.get(index)
  }

  /** The highest index up to this one whose place is known. */
  #below(index: number): number {
    return Math.max(...[...this.#known.keys()].filter(known => known <= index))
  }

  /** Makes a place known that is not far below the index. */
  async #approach(index: number, total: number): Promise<void> {
    // The end is as near as the beginning, from behind. Rows without a value come last in both orders.
    const toEnd = total - index
    if (toEnd < HOP && !this.#sort.nullable) {
      const found = await this.#first(null, reversed(this.#sort, this.#id), toEnd)
      if (found) this.set(index, placeOf(found, this.#sort, this.#id))
      return
    }
    await this.#guess(index, total)
  }

  async #guess(index: number, total: number): Promise<void> {
    const span = spanOf(this.#sort)
    if (!span) return
    const words = sortWords(this.#sort, this.#id)
    const first = await this.#first(null, words, 0)
    const last = await this.#first(null, reversed(this.#sort, this.#id), 0)
    let low = { at: 0, n: span.numberOf(first?.[this.#sort.field]) }
    let high = { at: total, n: span.numberOf(last?.[this.#sort.field]) }
    for (let i = 0; i < GUESSES; i++) {
      if (low.n === null || high.n === null || low.n === high.n) return
      // Every third guess halves the values, for those that are spread unevenly.
      const part = i % 3 === 2 ? 0.5 : (index - HOP / 2 - low.at) / (high.at - low.at)
      const n = low.n + (high.n - low.n) * Math.min(0.999, Math.max(0.001, part))
      const { rows, total: after = 0 } = await this.#ask(span.beyond(n), { sort: words, limit: 1, total: true })
      const [row] = rows
      const found = span.numberOf(row?.[this.#sort.field])
      if (!row || found === null) return
      const at = total - after + 1
      this.set(at, placeOf(row, this.#sort, this.#id))
      if (at <= index && at + HOP >= index) return
      if (at > index) high = { at, n: found }
      else low = { at, n: found }
    }
  }

  #rowAfter(low: Place | null, step: number): Promise<Row | undefined> {
    return this.#first(between(this.#sort, this.#id, low, null), sortWords(this.#sort, this.#id), step - 1)
  }

  async #first(filter: Filter | null, sort: readonly string[], offset: number): Promise<Row | undefined> {
    const fields = [...new Set([this.#id, this.#sort.field])]
    const { rows } = await this.#ask(filter, { sort, fields, offset, limit: 1 })
    return rows[0]
  }
}
