import type { Id, Params } from '../call.ts'
import type { Outline } from '../follower.ts'
import { matches } from './matches.ts'
import { idOf, type Entry, type Row } from './order.ts'
import type { Rows } from './rows.ts'
import { isObject, merge, share } from './share.ts'

/** A write that live queries show before the server tells them of it. */
export interface Pending {
  readonly op: 'create' | 'replace' | 'patch' | 'delete'
  readonly resource: string
  /** A temporary one until the server has chosen it. */
  readonly id: Id
  readonly data: Row
  /** Its idempotency key. */
  readonly key: string
}

/** What a query shows: `params` as sent, and the id if it is one row. */
export interface View {
  readonly id: Id | null
  readonly params: Params
}

/** Rows as they are shown, and their entries. */
export interface ShownRows {
  readonly entries: readonly Entry[]
  readonly plain: readonly Row[]
}

/** Writes over the rows of one query. It keeps what it made, so that it shows the same objects again. */
export class Overlay {
  readonly #view: View
  readonly #heads: ReadonlySet<string> | null
  /** Whether rows show related rows, which a write does not tell. */
  readonly #isDeep: boolean
  readonly #made = new Map<Id, Row>()
  /** What a new row has where it names nothing. */
  #defaults: Row = {}
  #absent: Row = {}
  #idName = 'id'

  constructor(view: View) {
    const { fields, include, depth } = view.params as { fields?: string[]; include?: unknown; depth?: number }
    this.#view = view
    this.#heads = fields ? new Set(fields.map(field => field.split('.')[0]!)) : null
    this.#isDeep = include !== undefined || (depth ?? 1) !== 1 || fields?.some(field => field.includes('.')) === true
  }

  learn({ id, defaults, files, relations, order }: Outline): void {
    this.#idName = id
    this.#defaults = defaults
    const many = Object.entries(relations).map(([name, one]) => [name, one.many ? [] : null])
    this.#absent = { ...nulls(Object.keys(order)), ...nulls(files), ...Object.fromEntries(many) }
  }

  /** The entries with the writes applied, in their order. */
  show(rows: Rows, writes: readonly Pending[]): ShownRows {
    const entries = rows.entries.slice()
    const plain = rows.plain.slice()
    if (writes.length === 0) {
      this.#made.clear()
      return { entries, plain }
    }
    const over = new Map<Id, Entry | null>()
    for (const write of writes) {
      const known = over.has(write.id) ? over.get(write.id)! : (rows.byId.get(write.id) ?? null)
      over.set(write.id, this.#after(write, known, rows.byId.get(write.id)?.row))
    }
    for (const id of this.#made.keys()) if (!over.has(id)) this.#made.delete(id)
    for (const [id, entry] of over) rows.put(rows.byId.get(id), entry, entries, plain)
    const { limit } = this.#view.params as { limit?: number }
    if (limit !== undefined && plain.length > limit) plain.length = entries.length = limit
    return { entries, plain }
  }

  /** Whether a write shows nothing that the server has not told. */
  isTold(rows: Rows, write: Pending): boolean {
    const known = rows.byId.get(write.id) ?? null
    const entry = this.#after(write, known, known?.row, false)
    return entry === null ? known === null : known !== null && entry.row === known.row
  }

  /** The entry after a write: `known` is the one before it, `told` the row as the server told it. */
  #after(write: Pending, known: Entry | null, told: Row | undefined, isKept = true): Entry | null {
    const { op, id, data } = write
    if (op === 'delete' || (op === 'patch' && !known)) return null
    if (!known && this.#isDeep) return null
    const isNew = known === null
    const row = isNew ? { [this.#idName]: id, ...this.#defaults, ...data } : this.#written(data, known.row)
    const { filter } = this.#view.params as { filter?: Row }
    const fits = this.#view.id === null ? matches(filter, row) : this.#view.id === id
    // What cannot be told stays where it is: a row in view is kept, a new one is left to the server.
    if (!(fits ?? known !== null)) return null
    const shown = this.#shown(isNew ? { ...this.#absent, ...row } : row, told)
    const shared = share(this.#made.get(id), share(known?.row, shown))
    if (isKept) this.#made.set(id, shared)
    return { id, row: shared }
  }

  /** The row after a write, with all members that are known. */
  #written(data: Row, known: Row): Row {
    const written: Record<string, unknown> = { ...known }
    for (const [name, value] of Object.entries(data)) {
      const shown: unknown = known[name]
      const isRelated = isObject(shown) && !Array.isArray(shown) && !isObject(value) && value !== null
      if (isRelated) written[name] = idOf(shown) === value ? shown : value
      else written[name] = isObject(shown) ? merge(shown, value) : value
    }
    return written
  }

  /** What the query shows of it. A related row that is shown as a row stays as it is until the server shows the other one. */
  #shown(written: Row, told: Row | undefined): Row {
    const shown: Record<string, unknown> = {}
    for (const [name, value] of Object.entries(written)) {
      if (this.#heads && !this.#heads.has(name)) continue
      if (told && !this.#heads && !(name in told)) continue
      const former: unknown = told?.[name]
      shown[name] = isObject(former) && !Array.isArray(former) && !isObject(value) && value !== null ? former : value
    }
    return shown
  }
}

const nulls = (names: readonly string[]): Row => Object.fromEntries(names.map(name => [name, null]))
