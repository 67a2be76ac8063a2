import type { Standing } from '../../auth/principal.ts'
import type { Id } from '../../model/model.ts'
import type { Change, Commit, Snapshot, Store } from '../../store/store.ts'
import type { Work } from '../../store/work.ts'
import { commitsSince } from './commits-since.ts'
import type { Batch } from '../event.ts'
import type { Group } from '../views/group.ts'
import type { Hub } from '../views/hub.ts'
import { missed } from '../incremental/resume-view.ts'
import type { Subscription } from '../subscriptions/subscription.ts'

/** What a replay reads, and how much of it. */
export interface ReplayOptions {
  readonly store: Store
  /** Changes that are replayed at most; whoever is further behind gets a snapshot, which is cheaper. */
  readonly changes: number
  readonly hub: Hub
  /** Rows of a view that must be seen to be followed. */
  readonly rows: number
  readonly onFault: (error: unknown) => void
}

/**
 * Tells a subscription what happened since a position, from the log; false if the log cannot tell, or would tell too
 * much, or where its caller may have had other rights meanwhile. `item` = the row that it follows, if it is one row.
 */
export function* replay(
  options: ReplayOptions,
  snapshot: Snapshot,
  subscription: Subscription,
  item: Id | null,
  since: string,
  standing: Standing | null,
): Work<boolean> {
  const { followed: group, listener } = subscription
  if (isFleeting(group)) return false
  const commits = yield* commitsSince(options.store, snapshot, since, options.changes)
  // What was in view by other rights is not known.
  if (!commits || standing?.changedBy(commits)) return false
  const batches = yield* missedBy(options, snapshot, group, commits)
  if (batches === null) return false
  const lastEvent = batches.at(-1)?.events.at(-1)
  if (item !== null && lastEvent === undefined && (yield* group.rows(snapshot, 1)).length === 0) return false
  listener.resumed(since)
  subscription.begin(batches)
  return true
}

/** What commits mean to somebody who saw a group's view before them; null = that cannot be told. */
function* missedBy(
  { hub, rows, onFault }: ReplayOptions,
  snapshot: Snapshot,
  group: Group,
  commits: readonly Commit[],
): Work<Batch[] | null> {
  const { resource } = group.interest
  switch (group.upkeep.kind) {
    case 'rows': {
      const candidates = new Map<Commit, readonly Change[]>()
      for (const commit of commits) {
        const own = commit.changes.filter(change => change.resource === resource)
        if (own.length) candidates.set(commit, own)
      }
      return yield* group.match(snapshot, candidates)
    }
    case 'maintained': {
      const batches = yield* missed(group, snapshot, commits, onFault)
      if (batches === null || !(yield* hub.watch(snapshot, group, rows))) return null
      return batches
    }
    case 'requeried': {
      // What was in view then is not known; but nothing may have happened to it.
      const isConcerned = hub.requeryOf(group)!.isConcernedBy(commits)
      return isConcerned || !(yield* hub.watch(snapshot, group, rows)) ? null : []
    }
  }
}

/** Its view tells of ephemeral rows, which are in no log: what was missed of them cannot be told. */
function isFleeting(group: Group): boolean {
  return group.upkeep.isFleeting
}
