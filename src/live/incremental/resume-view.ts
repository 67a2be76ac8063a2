import type { Snapshot } from '../../store/store.ts'
import type { Commit } from '../../store/store.ts'
import type { Work } from '../../store/work.ts'
import type { Batch } from '../event.ts'
import type { Followed } from './followed.ts'
import { StepHistory } from './step/history.ts'
import { KnownPairs } from './step/known-pairs.ts'
import { TimeSlice } from './step/time-slice.ts'
import { PresentState } from './step/state.ts'
import { reversed, singleSteps, wholeStep, type Step } from './step/step.ts'
import { ViewMaintenance } from './view-maintenance.ts'

/** The most extra entries that are read to undo what commits moved in a window's list. */
const MOST_SPARE = 1_000

/**
 * What commits up to a snapshot mean to a client that saw the view before them; null if that cannot be computed. It is the same
 * maintenance as for everybody, with this group alone. For a window, the current list is read, the step is undone on it, and
 * then applied again.
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
  const present = new PresentState(snapshot, known)
  const history = new StepHistory(commits, present)
  const whole = wholeStep(history, present)
  const list = alone.registry.listOf(group)
  // Every change may have moved one row out of reach, so that many more entries are read.
  if (list) {
    const spare = Math.min(MOST_SPARE, 20 + commits.reduce((sum, { changes }) => sum + changes.length, 0))
    yield* list.load(present, list.extent, { spare })
    alone.registry.index.moved(list)
    yield* alone.take(reversed(whole))
    if (!list.covers(list.extent)) return null
    list.settled()
  }
  // The bodies that were sent for guarded rows are not remembered. All that can be said is that nothing happened.
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

/** Whether a commit was recorded by an earlier version of Restuary, which did not log the links of deleted rows. */
function leavesPairsUntold({ changes }: Commit): boolean {
  return changes.some(change => change.pairsUntold === true && change.resource.joins.length > 0)
}
