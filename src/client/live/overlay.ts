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

/** Own writes over the rows of one query. It keeps what it made, so that it shows the same objects again. */
export interface Overlay {
  learn(outline: Outline): void
  /** The rows with the writes applied, in their order. */
  show(rows: Rows, writes: readonly Pending[]): readonly Row[]
  /** Whether a write shows nothing that the server has not told. */
  isTold(rows: Rows, write: Pending): boolean
}

interface Shape {
  readonly fields?: readonly string[]
  readonly include?: unknown
  readonly depth?: number
  readonly filter?: Row
  readonly limit?: number
}

export function overlayOf({ id: only, params }: View): Overlay {
  const { fields, include, depth = 1, filter, limit = Infinity } = params as Shape
  const heads = fields && new Set(fields.map(field => field.split('.')[0]!))
  /** Whether rows show related rows. */
  const isDeep = include || depth !== 1 || fields?.some(field => field.includes('.'))
  const made = new Map<Id, Row>()
  /** What a new row has where it names nothing. */
  let defaults: Row = {}
  const absent: Record<string, unknown> = {}
  let idName = 'id'
  /** The members that have related rows. null = nobody has told. */
  let related: readonly string[] | null = null

  /** The row after a write: `known` is the one before it, `told` the row as the server told it. */
  function after(write: Pending, known: Row | null | undefined, told: Row | undefined): Row | null {
    const { op, id, data } = write
    if (op === 'delete' || (!known && (op === 'patch' || (isDeep && needsRelated(data))))) return null
    const row = known ? written(data, known) : { [idName]: id, ...defaults, ...data }
    // What cannot be told stays where it is: a row in view is kept, a new one is left to the server.
    if (!((only === null ? matches(filter, row) : only === id) ?? known)) return null
    return withId(share(made.get(id), share(known, shownOf(known ? row : { ...absent, ...row }, told))), id)
  }

  /** Whether the query shows rows that are related to a new one, which a write does not tell. */
  function needsRelated(data: Row): boolean {
    return depth === 0 || !related || related.some(name => [data[name] ?? []].flat().length > 0)
  }

  /** What the query shows of it. A related row that is shown as a row stays as it is until the server shows the other one. */
  function shownOf(row: Row, told: Row | undefined): Row {
    const shown: Record<string, unknown> = {}
    for (const [name, value] of Object.entries(row)) {
      if (heads ? !heads.has(name) : told && !(name in told)) continue
      shown[name] = isNamed(told?.[name], value) ? told![name] : value
    }
    return shown
  }

  return {
    learn(outline) {
      idName = outline.id
      related = Object.keys(outline.relations)
      defaults = outline.defaults
      for (const name of [...Object.keys(outline.order), ...outline.files]) absent[name] = null
      for (const [name, { many }] of Object.entries(outline.relations)) absent[name] = many ? [] : null
    },
    show({ byId, list, put }, writes) {
      const shown = list.slice()
      const over = new Map<Id, Row | null>()
      for (const write of writes) {
        const { id } = write
        const told = byId.get(id)
        const row = after(write, over.has(id) ? over.get(id) : told, told)
        over.set(id, row)
        if (row) made.set(id, row)
      }
      for (const id of made.keys()) if (!over.has(id)) made.delete(id)
      for (const [id, row] of over) put(byId.get(id), row, shown)
      if (writes.length > 0 && shown.length > limit) shown.length = limit
      return shown
    },
    isTold({ byId }, write) {
      const known = byId.get(write.id)
      return after(write, known, known) === (known ?? null)
    },
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
