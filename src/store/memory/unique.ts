import { ApiError, pointer } from '../../protocol/error.ts'
import { ID, type Id, type Resource, type Row } from '../../model/model.ts'
import { forEachIn, layered, layers, lookUp, type Layers } from './layers.ts'
import type { Table } from './state.ts'

/** Which row has each value of a unique key. */
export type Owners = Layers<unknown, Id>

interface UniqueKey {
  readonly fields: readonly string[]
  readonly slots: readonly number[]
}

const known = new WeakMap<Resource, readonly UniqueKey[]>()

/** The unique keys of a resource, without its id: unique fields, one-to-one relations and composite keys. */
function keysOf(resource: Resource): readonly UniqueKey[] {
  let keys = known.get(resource)
  if (!keys) known.set(resource, (keys = findKeys(resource)))
  return keys
}

function findKeys(resource: Resource): readonly UniqueKey[] {
  const single = resource.columns
    .filter(field => field !== resource.id && (field.unique || (field.is === 'one' && field.single)))
    .map(field => ({ fields: [field.name], slots: [field.slot] }))
  const composite = resource.unique.map(fields => ({
    fields,
    slots: fields.map(name => resource.columns.find(field => field.name === name)!.slot),
  }))
  return [...single, ...composite]
}

/** The value of a unique key in a row; undefined if a part is null, because null never equals null (as in SQL). */
function claimOf({ slots }: UniqueKey, row: Row | undefined): unknown {
  if (!row || slots.some(slot => row[slot] === null)) return undefined
  if (slots.length > 1) return JSON.stringify(slots.map(slot => row[slot]))
  const value = row[slots[0]!]
  // NUL distinguishes it from texts, which cannot contain one.
  return typeof value === 'object' ? `\0${JSON.stringify(value)}` : value
}

/** The owners of a table's unique keys. They are computed from the rows once, and then updated with every change. */
function ownersIn(resource: Resource, table: Table): readonly Owners[] {
  return (table.derived.owners ??= keysOf(resource).map(key => {
    const owners = new Map<unknown, Id>()
    forEachIn(table.rows, (row, id) => {
      const claim = claimOf(key, row)
      if (claim !== undefined) owners.set(claim, id)
    })
    return layers(owners)
  }))
}

/** The owners after some rows changed. Throws ApiError `conflict` if two rows have the same key after all changes of the set. */
export function ownersAfter(
  resource: Resource,
  table: Table,
  rows: ReadonlyMap<Id, Row | undefined>,
): readonly Owners[] {
  return ownersIn(resource, table).map((owners, i) => {
    const key = keysOf(resource)[i]!
    const changes = new Map<unknown, Id | undefined>()
    // First all rows give up their old keys: two rows may swap theirs.
    for (const id of rows.keys()) {
      const former = claimOf(key, lookUp(table.rows, id))
      if (former !== undefined && lookUp(owners, former) === id) changes.set(former, undefined)
    }
    for (const [id, row] of rows) {
      const claim = claimOf(key, row)
      if (claim === undefined) continue
      const owner = changes.has(claim) ? changes.get(claim) : lookUp(owners, claim)
      if (owner !== undefined && owner !== id) throw conflict(resource, key.fields)
      changes.set(claim, row![ID] as Id)
    }
    return changes.size === 0 ? owners : layered(owners, changes)
  })
}

/** The error for a value that another row has already, with one issue for each field of the key. */
export function conflict(resource: Resource, fields: readonly string[]): ApiError {
  const detail = `Another ${resource.name} has this ${fields.join(', ')}`
  return new ApiError('conflict', {
    issues: fields.map(field => ({ code: 'unique', pointer: pointer('#', field), detail })),
  })
}
