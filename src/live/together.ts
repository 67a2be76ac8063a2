import { ID, type Id, type Row } from '../model/model.ts'
import { all } from '../query/predicate.ts'
import type { Change, Commit, Snapshot } from '../store/store.ts'
import { wait, type Work } from '../store/work.ts'
import { batchOf, left, shown, type Batch, type LiveEvent } from './event.ts'
import type { Candidates, Group } from './group.ts'
import { reachOf } from './reach.ts'

/**
 * Rows that are shown with related ones: commits that became visible together are one batch, shown as things
 * are now, because what lies beside the row is not in its images.
 */
export function* together(
  group: Group,
  snapshot: Snapshot,
  commits: readonly Commit[],
  candidates: Candidates,
): Work<Batch[]> {
  const own = byRow(candidates.values())
  const events: LiveEvent[] = []
  const rows: Row[] = []
  const kinds: ('enter' | 'change')[] = []
  for (const [id, changes] of own) {
    const { after } = changes.at(-1)!
    const kind = group.kindOf(changes[0]!.before, after)
    if (kind === 'leave') events.push(left(changes, id))
    else if (kind) {
      rows.push(after!)
      kinds.push(kind)
    }
  }
  for (const row of yield* reached(group, snapshot, commits))
    if (!own.has(row[ID] as Id)) {
      rows.push(row)
      kinds.push('change')
    }
  const bodies = yield* group.present(snapshot, rows)
  rows.forEach((row, i) => events.push(shown(kinds[i]!, row, bodies[i]!, own.get(row[ID] as Id) ?? [])))
  return events.length ? [batchOf(group.interest.resource, commits.at(-1)!.position, events)] : []
}

/** Rows in view that show a row of another resource that changed. */
export function* reached(group: Group, snapshot: Snapshot, commits: readonly Commit[]): Work<Row[]> {
  const { resource, view, where, opaque } = group.interest
  const reach = reachOf(view, commits)
  if (!reach) return []
  const found = yield* wait(
    snapshot.select(resource, { where: all(where, reach), sort: [], limit: null, offset: 0, cursor: null }),
  )
  return opaque ? found.filter(opaque) : found
}

/** Changes of each row, in order. */
export function byRow(lists: Iterable<readonly Change[]>): Map<Id, Change[]> {
  const rows = new Map<Id, Change[]>()
  for (const list of lists)
    for (const change of list) {
      const changes = rows.get(change.id)
      if (changes) changes.push(change)
      else rows.set(change.id, [change])
    }
  return rows
}
