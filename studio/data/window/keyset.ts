import type { Filter, Id, Row } from '../../server/client.ts'
import type { FieldKind } from '../../server/fields.ts'

/** The order of a table: one field, and the id where it is equal. */
export interface TableSort {
  readonly field: string
  readonly kind: FieldKind
  readonly descending: boolean
  /** Whether rows may have no value in it. Those come last in both directions. */
  readonly nullable: boolean
}

/** A place between two rows: behind the row with this value and id. */
export interface Place {
  readonly value: unknown
  readonly id: Id
}

export const placeOf = (row: Row, sort: TableSort, id: string): Place => ({ value: row[sort.field], id: row[id] as Id })

/** The sort as the API takes it. */
export function sortWords({ field, descending }: TableSort, id: string): string[] {
  const first = descending ? `-${field}` : field
  return field === id ? [first] : [first, id]
}

/** The opposite of that order. Rows without a value come last in it as well. */
export function reversed({ field, descending }: TableSort, id: string): string[] {
  const first = descending ? field : `-${field}`
  return field === id ? [first] : [first, `-${id}`]
}

/** Selects the rows that come after a place. */
function after({ field, descending, nullable }: TableSort, id: string, place: Place): Filter {
  const beyond = descending ? '$lt' : '$gt'
  if (field === id) return { [id]: { [beyond]: place.id } }
  const laterId = { [id]: { $gt: place.id } }
  if (place.value === null) return { [field]: { $null: true }, ...laterId }
  const later = [{ [field]: { [beyond]: place.value } }, { [field]: { $eq: place.value }, ...laterId }]
  if (nullable) return { $or: [...later, { [field]: { $null: true } }] }
  // The first condition follows from the others. With it, a database finds the place in its index.
  return { [field]: { [descending ? '$lte' : '$gte']: place.value }, $or: later }
}

/** Selects the rows that come after one place and not after another. null = there is no such bound. */
export function between(sort: TableSort, id: string, low: Place | null, high: Place | null): Filter | null {
  const bounds = [...(low ? [after(sort, id, low)] : []), ...(high ? [notAfter(sort, id, high)] : [])]
  return bounds.length === 2 ? { $and: bounds } : (bounds[0] ?? null)
}

function notAfter(sort: TableSort, id: string, place: Place): Filter {
  const { field, descending, nullable } = sort
  if (field === id) return { [id]: { [descending ? '$gte' : '$lte']: place.id } }
  if (place.value === null) return { $or: [{ [field]: { $null: false } }, { [id]: { $lte: place.id } }] }
  const before = descending ? '$gt' : '$lt'
  const earlier = {
    $or: [{ [field]: { [before]: place.value } }, { [field]: { $eq: place.value }, [id]: { $lte: place.id } }],
  }
  return nullable ? earlier : { [field]: { [descending ? '$gte' : '$lte']: place.value }, ...earlier }
}

export function bothOf(...filters: readonly (Filter | null)[]): Filter | undefined {
  const given = filters.filter(one => one !== null && Object.keys(one).length > 0) as Filter[]
  return given.length > 1 ? { $and: given } : given[0]
}
