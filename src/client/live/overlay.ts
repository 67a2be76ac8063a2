import type { Id, Params } from '../call.ts'
import type { Outline } from '../follower.ts'
import { matches } from './matches.ts'
import { idOf, withId, type Row } from './order.ts'
import type { Rows } from './rows.ts'
import { isObject, isRow, merge, share } from './share.ts'

/** A write that live queries show before the server tells them of it. */
export interface Pending {
  readonly op: 'create' | 'replace' | 'patch' | 'delete'
  readonly resource: string
  /** A temporary one until the server has chosen it. */
  id: Id
  readonly data: Row
  /** Its idempotency key. */
  readonly key: string
}

/** What a query shows: `params` as sent, and the id if it is one row. */
export interface View {
  readonly id: Id | null
  readonly params: Params
}

/** Writes over the rows of one query. It keeps what it made, so that it shows the same objects again. */
export class Overlay {
  readonly #view: View
  readonly #heads: ReadonlySet<string> | undefined
  /** Whether rows show related rows, which a write does not tell. */
  readonly #isDeep: boolean
  readonly #made = new Map<Id, Row>()
  /** What a new row has where it names nothing. */
  #defaults: Row = {}
  #absent: Row = {}
  #idName = 'id'

  constructor(view: View) {
    const { fields, include, depth = 1 } = view.params as { fields?: string[]; include?: unknown; depth?: number }
    this.#view = view
    this.#heads = fields && new Set(fields.map(field => field.split('.')[0]!))
    this.#isDeep = Boolean(include) || depth !== 1 || fields?.some(field => field.includes('.')) === true
  }

  learn({ id, defaults, files, relations, order }: Outline): void {
    this.#idName = id
    this.#defaults = defaults
    const absent: Record<string, unknown> = {}
    for (const name of [...Object.keys(order), ...files]) absent[name] = null
    for (const [name, { many }] of Object.entries(relations)) absent[name] = many ? [] : null
    this.#absent = absent
  }

  /** The rows with the writes applied, in their order. */
  show(rows: Rows, writes: readonly Pending[]): readonly Row[] {
    const { byId } = rows
    const shown = rows.list.slice()
    const over = new Map<Id, Row | null>()
    for (const write of writes) {
      const told = byId.get(write.id)
      const known = over.has(write.id) ? over.get(write.id)! : told
      over.set(write.id, this.#after(write, known, told))
    }
    for (const id of this.#made.keys()) if (!over.has(id)) this.#made.delete(id)
    for (const [id, row] of over) rows.put(byId.get(id), row, shown)
    const { limit = Infinity } = this.#view.params as { limit?: number }
    if (writes.length > 0 && shown.length > limit) shown.length = limit
    return shown
  }

  /** Whether a write shows nothing that the server has not told. */
  isTold({ byId }: Rows, write: Pending): boolean {
    const known = byId.get(write.id)
    return this.#after(write, known, known, false) === (known ?? null)
  }

  /** The row after a write: `known` is the one before it, `told` the row as the server told it. */
  #after(write: Pending, known: Row | null | undefined, told: Row | undefined, isKept = true): Row | null {
    const { op, id, data } = write
    if (op === 'delete' || (!known && (op === 'patch' || this.#isDeep))) return null
    const row = known ? written(data, known) : { [this.#idName]: id, ...this.#defaults, ...data }
    const { filter } = this.#view.params as { filter?: Row }
    const fits = this.#view.id === null ? matches(filter, row) : this.#view.id === id
    // What cannot be told stays where it is: a row in view is kept, a new one is left to the server.
    if (!(fits ?? known)) return null
    const shown = this.#shown(known ? row : { ...this.#absent, ...row }, told)
    const shared = withId(share(this.#made.get(id), share(known, shown)), id)
    if (isKept) this.#made.set(id, shared)
    return shared
  }

  /** What the query shows of it. A related row that is shown as a row stays as it is until the server shows the other one. */
  #shown(row: Row, told: Row | undefined): Row {
    const shown: Record<string, unknown> = {}
    for (const [name, value] of Object.entries(row)) {
      if (this.#heads ? !this.#heads.has(name) : told && !(name in told)) continue
      shown[name] = isNamed(told?.[name], value) ? told![name] : value
    }
    return shown
  }
}

/** The row after a write, with all members that are known. */
function written(data: Row, known: Row): Row {
  const row: Record<string, unknown> = { ...known }
  for (const [name, value] of Object.entries(data)) {
    const shown: unknown = known[name]
    if (isNamed(shown, value)) row[name] = idOf(shown) === value ? shown : value
    else row[name] = isObject(shown) ? merge(shown, value) : value
  }
  return row
}

/** Whether a value names a related row that is shown as a row. */
const isNamed = (shown: unknown, value: unknown): boolean => isRow(shown) && !isObject(value) && value !== null
