import { ID, type Id, type Join, type Model, type Resource, type Row } from '../../model/model.ts'
import { differing } from './read-back.ts'
import type { ListDelta, RowChange, Transaction } from '../store.ts'
import { wait, type Work } from '../work.ts'

/** A row before and after a statement of another program, as a trigger has seen it. null = there was none. */
export interface CapturedRow {
  readonly resource: Resource
  readonly before: Row | null
  readonly after: Row | null
}

/** A link that another program has added or removed. */
export interface CapturedLink {
  readonly join: Join
  readonly op: 'add' | 'remove'
  readonly a: Id
  readonly b: Id
}

/** What changed in the to-many relations of a row: of each field, which ids came and which went. */
type Deltas = Map<string, Map<Id, boolean>>

/**
 * Records what other programs have written, as one commit. Several changes of a row are one, which leads to the row as it is
 * now: that is right even if this application has changed it since, and recorded that first.
 */
export function* recordCaptured(
  model: Model,
  rows: readonly CapturedRow[],
  links: readonly CapturedLink[],
  tx: Transaction,
): Work<void> {
  const changes = new Map<Resource, Map<Id, RowChange>>()
  const deltas = new Map<Resource, Map<Id, Deltas>>()
  const tell = (resource: Resource, id: Id, field: string, other: Id, isAdded: boolean): void => {
    const ids = getOrMake(getOrMake(getOrMake(deltas, resource), id), field)
    // What came and went again is nothing.
    if (ids.get(other) === !isAdded) ids.delete(other)
    else ids.set(other, isAdded)
  }
  for (const [resource, former] of formerRows(rows)) {
    for (const [id, before] of former) {
      const after = (yield* wait(tx.get(resource, id))) ?? null
      const change = changeOf(resource, id, before, after)
      if (change === null) continue
      getOrMake(changes, resource).set(id, change)
      for (const field of resource.columns) {
        if (field.is !== 'one' || field.inverse?.is !== 'back' || !field.inverse.ids) continue
        const [was, is] = [before?.[field.slot] ?? null, after?.[field.slot] ?? null] as [Id | null, Id | null]
        if (was === is) continue
        if (was !== null) tell(field.target, was, field.inverse.name, id, false)
        if (is !== null) tell(field.target, is, field.inverse.name, id, true)
      }
    }
  }
  for (const { join, op, a, b } of links)
    for (const { fields } of model.resources.values())
      for (const field of fields)
        if (field.is === 'many' && field.join === join) {
          const [near, far] = field.side === 'a' ? [a, b] : [b, a]
          tell(field.owner, near, field.name, far, op === 'add')
        }
  for (const [resource, byId] of deltas)
    for (const [id, fields] of byId) {
      const lists = listsOf(fields)
      const change = changes.get(resource)?.get(id)
      const row = change === undefined ? ((yield* wait(tx.get(resource, id))) ?? null) : null
      if (lists.length === 0 || (change === undefined && row === null)) continue
      const touched: RowChange = change ?? {
        ...noted,
        resource,
        id,
        op: 'patch',
        before: row!.slice(),
        after: row,
        lists,
      }
      getOrMake(changes, resource).set(id, { ...touched, lists })
    }
  const all = [...changes.values()].flatMap(byId => [...byId.values()])
  if (all.length > 0) yield* wait(tx.apply(all, []))
}

/** The rows as they were before the first of their changes. */
function formerRows(rows: readonly CapturedRow[]): Map<Resource, Map<Id, Row | null>> {
  const former = new Map<Resource, Map<Id, Row | null>>()
  for (const { resource, before, after } of rows) {
    const byId = getOrMake(former, resource)
    const [was, is] = [before?.[ID] as Id | undefined, after?.[ID] as Id | undefined]
    if (was !== undefined && !byId.has(was)) byId.set(was, before)
    // A row that got another id is another row.
    if (is !== undefined && !byId.has(is)) byId.set(is, null)
  }
  return former
}

const noted = { changed: [], isNoted: true } as const

function changeOf(resource: Resource, id: Id, before: Row | null, after: Row | null): RowChange | null {
  const common = { ...noted, resource, id, lists: [] }
  if (before === null) return after === null ? null : { ...common, op: 'create', before, after }
  if (after === null) return { ...common, op: 'delete', before, after }
  const changed = differing(before, after)
  return changed.length === 0 ? null : { ...common, op: 'patch', before, after, changed }
}

const listsOf = (fields: Deltas): ListDelta[] =>
  [...fields]
    .map(([field, ids]) => ({
      field,
      added: [...ids].filter(([, isAdded]) => isAdded).map(([id]) => id),
      removed: [...ids].filter(([, isAdded]) => !isAdded).map(([id]) => id),
    }))
    .filter(({ added, removed }) => added.length + removed.length > 0)

function getOrMake<K, L, V>(map: Map<K, Map<L, V>>, key: K): Map<L, V> {
  let inner = map.get(key)
  if (inner === undefined) map.set(key, (inner = new Map()))
  return inner
}
