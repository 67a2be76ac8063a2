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

/** What a replay reads, and its limits. */
export interface ReplayOptions {
  readonly store: Store
  /** The most changes that are replayed. A client that is further behind gets a snapshot, which is cheaper. */
  readonly changes: number
  readonly hub: Hub
  /** The most rows of a view that must be loaded to follow it. */
  readonly rows: number
  readonly onFault: (error: unknown) => void
}

/** From where a client continues. */
export interface ReplayFrom {
  /** The id of the row that is followed, if it is a single one. */
  readonly item: Id | null
  /** `epoch.seq` of what the client has. */
  readonly since: string
  readonly standing: Standing | null
}

/**
 * Decides between replay and reset. Sends a subscription what happened since a position and returns true. Returns false, so
 * that the caller sends a reset, if the log cannot tell, if too much happened, or if the caller may have had other rights in
 * the meantime.
 */
export function* replay(
  options: ReplayOptions,
  snapshot: Snapshot,
  subscription: Subscription,
  { item, since, standing }: ReplayFrom,
): Work<boolean> {
  const { followed: group, listener } = subscription
  // The cheap reasons for a reset come first: a client that comes back after a long time costs no read of the log.
  if (isFleeting(group)) return false
  const commits = yield* commitsSince(options.store, snapshot, since, options.changes)
  // What was in view under other rights is not known.
  if (!commits || standing?.changedBy(commits)) return false
  const batches = yield* missedBy(options, snapshot, group, commits)
  if (batches === null) return false
  const lastEvent = batches.at(-1)?.events.at(-1)
  if (item !== null && lastEvent === undefined && (yield* group.rows(snapshot, 1)).length === 0) return false
  listener.resumed(since)
  subscription.begin(snapshot.position, batches)
  return true
}

/** What commits mean to a client that saw the view before them; null if that cannot be computed. */
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
      // What was in view then is not known. All that can be said is that nothing has happened to it.
      const isConcerned = hub.requeryOf(group)?.isConcernedBy(commits) ?? true
      return isConcerned || !(yield* hub.watch(snapshot, group, rows)) ? null : []
    }
  }
}

/** Whether the view shows ephemeral rows. They are not in the log, so what was missed cannot be told. */
function isFleeting(group: Group): boolean {
  return group.upkeep.isFleeting
}
