import type { Snapshot } from '../../store/store.ts'
import type { Commit } from '../../store/store.ts'
import type { Work } from '../../store/work.ts'
import type { Batch } from '../event.ts'
import type { Followed } from './followed.ts'
import { History } from './step/history.ts'
import { KnownPairs } from './step/known-pairs.ts'
import { TimeSlice } from './step/time-slice.ts'
import { Present } from './step/state.ts'
import { reversed, singleSteps, wholeStep, type Step } from './step/step.ts'
import { ViewMaintenance } from './view-maintenance.ts'

/** Entries more that are read of a window's list, so that what commits moved can be taken back. */
const MOST_SPARE = 1_000

/**
 * What commits up to a snapshot mean to one group, told to somebody who saw its view before them; null = that cannot be
 * told. The same maintenance as for all, with this group alone. A window is taken back to what it was: the list is read
 * as it is, the step is undone on it, and then done again.
 */
export function* missed<G extends Followed>(
  group: G,
  snapshot: Snapshot,
  commits: readonly Commit[],
  onFault: (error: unknown) => void,
): Work<Batch[] | null> {
  if (commits.length === 0) return []
  const { resource } = group.interest
  const known = new KnownPairs(0)
  const alone = new ViewMaintenance<G>(resource, known, onFault)
  alone.registry.add(group)
  if (alone.registry.plan.readsPairs && commits.some(leavesPairsUntold)) return null
  const present = new Present(snapshot, known)
  const history = new History(commits, present)
  const whole = wholeStep(history, present)
  const list = alone.registry.listOf(group)
  if (list) {
    const spare = Math.min(MOST_SPARE, 20 + commits.reduce((sum, { changes }) => sum + changes.length, 0))
    yield* list.load(present, list.extent, spare)
    alone.registry.index.moved(list)
    yield* alone.take(reversed(whole))
    if (!list.covers(list.extent)) return null
    list.settled()
  }
  // What was told of a guarded row is not known: it can only be said that nothing happened.
  if (group.isGuarded) return (yield* alone.concerns(whole)) ? null : []
  const batches: Batch[] = []
  let isLost = false
  const deliver = (_: G, batch: Batch | null): void => {
    if (batch) batches.push(batch)
    else isLost = true
  }
  const steps: Iterable<Step> = group.isExact ? singleSteps(history, present) : [whole]
  for (const step of steps) yield* alone.advance(step, TimeSlice.unhurried, deliver)
  return isLost ? null : batches
}

/** A record of an earlier version of the log: the pairs that went with a deleted row are not told. */
function leavesPairsUntold({ changes }: Commit): boolean {
  return changes.some(change => change.pairsUntold === true && change.resource.joins.length > 0)
}
