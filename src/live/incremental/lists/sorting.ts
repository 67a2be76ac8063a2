import {
  ID,
  SEQ,
  type Id,
  type OneField,
  type Resource,
  type Row,
  type StoredField,
  type Value,
} from '../../../model/model.ts'
import { orderOf, sorted, type Order } from '../../../query/order.ts'
import type { SortKey } from '../../../query/predicate.ts'
import { orderAt, relationPath, valueAt, type RelationPath } from '../routing/path.ts'
import type { RowState } from '../step/state.ts'

/** The part of a row that decides its place: its id, its version and its sort values. */
export type SortEntry = readonly Value[]

const KEYS = 2

/** How many entries a sorting remembers. */
const RECENT = 10_000

/** How rows of a resource are sorted. All lists with the same order share one sorting. */
export interface Sorting {
  readonly key: string
  readonly sort: readonly SortKey[]
  /** The paths that the sort keys are found by. */
  readonly paths: readonly RelationPath[]
  /** Related rows affect the order, so it cannot be told from the rows themselves. */
  readonly isRelational: boolean
  readonly entryOf: (row: Row, state: RowState) => SortEntry
  readonly compare: (a: SortEntry, b: SortEntry) => number
  /** The sort values of an entry, for a cursor. */
  readonly cursorOf: (entry: SortEntry) => Value[]
  /** The entry that a cursor stands at, of no version. */
  readonly entryAt: (cursor: readonly Value[]) => SortEntry
  /** Forgets entries: a version may belong to another state of the row by now. */
  readonly forget: () => void
}

/** Whether all sort keys are stored fields, of the row or of rows that to-one relations lead to. */
export function isSortable(resource: Resource, sort: readonly SortKey[]): boolean {
  return sort.every(({ path }) => {
    let at = resource
    return path.every((name, i) => {
      const field = at.field.get(name)
      if (i === path.length - 1) return field?.is === 'scalar' || field?.is === 'one'
      if (field?.is !== 'one' || field.target.options.ephemeral !== null) return false
      at = field.target
      return true
    })
  })
}

/** Names an order: lists with the same name share one sorting, and with it their entries. */
export const sortKeyOf = (sort: readonly SortKey[]): string =>
  sort.map(({ path, descending }) => (descending ? '-' : '') + path.join('.')).join()

/** The sorting for sort keys that are `isSortable`. */
export function sortingOf(resource: Resource, sort: readonly SortKey[]): Sorting {
  const keys = sort.map(({ path, descending }) => {
    const at = keyPath(resource, path)
    return {
      path: at,
      slot: at.steps.length === 0 ? (at.end as StoredField).slot : -1,
      order: sorted(orderAt(at), descending),
    }
  })
  const idKey = sort.findIndex(({ path }) => path.length === 1 && path[0] === resource.id.name)
  const namesId = idKey >= 0
  const byId: Order = orderOf(resource.idType)
  const isRelational = keys.some(({ slot }) => slot < 0)
  // Lists with the same sorting mostly hold the same rows, so they share the entries.
  const recent = new Map<Id, SortEntry>()
  return {
    key: sortKeyOf(sort),
    sort,
    paths: keys.map(({ path }) => path),
    isRelational,
    entryOf(row, state) {
      const kept = isRelational ? undefined : recent.get(row[ID] as Id)
      if (kept !== undefined && kept[SEQ] === row[SEQ]) return kept
      // oxlint-disable-next-line unicorn/no-new-array -- of its exact length: an array that grows keeps room for a dozen more
      const entry = new Array<Value>(KEYS + keys.length)
      entry[0] = row[ID] as Id
      entry[1] = row[SEQ] as number
      let at = KEYS
      for (const { path, slot } of keys) entry[at++] = slot >= 0 ? (row[slot] ?? null) : valueAt(path, row, state)
      if (isRelational) return entry
      // Emptied instead of evicting one by one: entries are cheap to make again.
      if (recent.size >= RECENT) recent.clear()
      recent.set(row[ID] as Id, entry)
      return entry
    },
    forget: () => recent.clear(),
    compare(a, b) {
      let at = KEYS
      for (const { order } of keys) {
        const difference = order(a[at] ?? null, b[at] ?? null)
        if (difference !== 0) return difference
        at++
      }
      return byId(a[0] ?? null, b[0] ?? null)
    },
    cursorOf: entry => (namesId ? entry.slice(KEYS) : [...entry.slice(KEYS), ...entry.slice(0, 1)]),
    entryAt: cursor => [cursor.at(namesId ? idKey : -1) ?? null, 0, ...cursor.slice(0, keys.length)],
  }
}

function keyPath(resource: Resource, names: readonly string[]): RelationPath {
  const steps: OneField[] = []
  let at = resource
  for (const name of names.slice(0, -1)) {
    const step = at.field.get(name) as OneField
    steps.push(step)
    at = step.target
  }
  return relationPath(resource, steps, at.field.get(names.at(-1) ?? '') as StoredField)
}
