import { ID, type Id, type Row } from '../../model/model.ts'
import type { Snapshot } from '../../store/store.ts'
import type { Work } from '../../store/work.ts'
import { batchOf, left, shown, type Batch, type LiveEvent } from '../event.ts'
import type { Group } from './group.ts'
import type { Shown } from '../subscriptions/subscription.ts'

/** The view that a subscription has seen: that of a group, before some batches. */
export interface FormerView {
  readonly group: Group
  /** Batches that were held back and not sent. */
  readonly pending: readonly Batch[]
}

/** The view that the subscription shall have: the rows that a group shows now. */
export interface PresentView {
  readonly group: Group
  readonly rows: readonly Shown[]
}

/**
 * The difference between the view that a subscription has seen and the rows that another group shows in a snapshot. Rows that
 * are gone leave, with nothing but their id; new rows enter; rows that look different change. null if the view has more than
 * `most` rows. When a right is withdrawn, this is where the `leave` events come from.
 */
export function* difference(
  snapshot: Snapshot,
  { group: from, pending }: FormerView,
  { group: to, rows }: PresentView,
  most: number,
): Work<Batch | null> {
  const former = yield* from.rows(snapshot, most + 1)
  if (former.length > most) return null
  const { known, touched } = undone(former, pending)
  const bodies = yield* bodiesOf(snapshot, from, former)
  const now = new Set(rows.map(row => row.id))
  const events: LiveEvent[] = []
  for (const id of known) if (!now.has(id)) events.push(left([], id, snapshot.position))
  for (const one of rows) {
    const { id, row, body } = one
    if (!known.has(id)) events.push(shown('enter', row, one, []))
    else if (touched.has(id) || bodies.get(id) !== body) events.push(shown('change', row, one, []))
  }
  const order = to.tellsOrder ? rows.map(row => row.id) : null
  return batchOf(to.interest.resource, { position: snapshot.position, by: [] }, events, order)
}

/** Undoes events that were held back: the ids that were in view before them, and those that they changed. */
function undone(rows: readonly Row[], pending: readonly Batch[]): { known: Set<Id>; touched: Set<Id> } {
  const known = new Set(rows.map(row => row[ID] as Id))
  const touched = new Set<Id>()
  const seen = new Set<Id>()
  for (const { events } of pending)
    for (const { id, kind } of events) {
      if (seen.has(id)) continue
      seen.add(id)
      if (kind === 'enter') known.delete(id)
      else {
        known.add(id)
        touched.add(id)
      }
    }
  return { known, touched }
}

function* bodiesOf(snapshot: Snapshot, group: Group, rows: readonly Row[]): Work<Map<Id, string>> {
  const bodies = yield* group.bodies(snapshot, rows)
  return new Map(rows.map((row, i) => [row[ID] as Id, bodies[i] ?? '']))
}
