import { getOrThrow } from '../../protocol/get-or-throw.ts'
import { ID, type Field, type Resource, type Row, type StoredField } from '../../model/model.ts'
import { orderOf, sorted, type Order } from '../../query/order.ts'
import type { SortKey } from '../../query/predicate.ts'

/** Compares rows in the order of a query, with the id last. null if a sort key is not a stored field of the row itself. */
export function rowOrder(resource: Resource, sort: readonly SortKey[]): ((a: Row, b: Row) => number) | null {
  const keys: { readonly slot: number; readonly order: Order }[] = []
  for (const { path, descending } of sort) {
    const field = path.length === 1 ? resource.field.get(path[0]!) : undefined
    if (!isStored(field)) return null
    keys.push({ slot: field.slot, order: sorted(orderOf(field.type), descending) })
  }
  keys.push({ slot: ID, order: sorted(orderOf(resource.idType), false) })
  return (a, b) => {
    for (const { slot, order } of keys) {
      const difference = order(a[slot]!, b[slot]!)
      if (difference !== 0) return difference
    }
    return 0
  }
}

/** Whether all sort keys are stored fields of the row itself. */
export function hasRowOrder(resource: Resource, sort: readonly SortKey[]): boolean {
  return sort.every(({ path }) => path.length === 1 && isStored(resource.field.get(path[0]!)))
}

/** The other resources whose changes may affect the order. */
export function sortReads(resource: Resource, sort: readonly SortKey[]): Set<Resource> {
  const reads = new Set<Resource>()
  for (const { path } of sort) {
    let at = resource
    for (const name of path) {
      const field = getOrThrow(at.field, name)
      for (const read of readBy(field)) reads.add(read)
      if (field.is !== 'one') break
      at = field.target
    }
  }
  return reads
}

function readBy(field: Field): Resource[] {
  switch (field.is) {
    case 'one':
    case 'back':
    case 'many':
      return [field.target]
    case 'count':
      return [field.of.target]
    case 'calc':
      return (field.uses ?? []).flatMap(name => {
        const used = field.owner.field.get(name)
        return used && used.is !== 'calc' ? readBy(used) : []
      })
    case 'scalar':
    case 'self':
      return []
  }
}

const isStored = (field: Field | undefined): field is StoredField => field?.is === 'scalar' || field?.is === 'one'
