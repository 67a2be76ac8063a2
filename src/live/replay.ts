import type { Standing } from '../auth/principal.ts'
import type { Id } from '../model/model.ts'
import type { Change, Commit, Snapshot, Store } from '../store/store.ts'
import type { Work } from '../store/work.ts'
import { commitsSince } from './commits-since.ts'
import type { Group } from './group.ts'
import type { Subscription } from './subscription.ts'

/** What a replay reads, and how much of it. */
export interface ReplayOptions {
  readonly store: Store
  /** Changes that are replayed at most; whoever is further behind gets a snapshot, which is cheaper. */
  readonly changes: number
  /** Rows of a view that is watched. */
  readonly rows: number
}

/**
 * Tells a subscription what happened since a position, from the log; false if the log cannot tell, or would tell too
 * much, or where its caller may have had other rights meanwhile. `item` = the row that it follows, if it is one row.
 */
export function* replay(
  { store, changes, rows }: ReplayOptions,
  snapshot: Snapshot,
  subscription: Subscription,
  item: Id | null,
  since: string,
  standing: Standing | null,
): Work<boolean> {
  const { followed: group, listener } = subscription
  if (isFleeting(group)) return false
  const commits = yield* commitsSince(store, snapshot, since, changes)
  // What was in view by other rights is not known.
  if (!commits || standing?.changedBy(commits)) return false
  const { resource } = group.interest
  const candidates = new Map<Commit, Change[]>()
  for (const commit of commits) {
    const own = commit.changes.filter(change => change.resource === resource)
    if (own.length) candidates.set(commit, own)
  }
  const { watched } = group
  if (watched) {
    // What was in view then is not known; but nothing may have happened to it.
    const shown = commits.some(commit => commit.changes.some(change => group.shows.has(change.resource)))
    if (shown || watched.concerns(commits, candidates)) return false
    if (!watched.hasSeen && (yield* group.take(snapshot, rows)).rows.length > rows) return false
    listener.resumed(since)
    subscription.begin()
    return true
  }
  const batches = commits.length ? yield* group.match(snapshot, commits, candidates) : []
  const lastEvent = batches.at(-1)?.events.at(-1)
  if (item !== null && lastEvent === undefined && (yield* group.rows(snapshot, 1)).length === 0) return false
  listener.resumed(since)
  subscription.begin(batches)
  return true
}

/** Its view tells of ephemeral rows, which are in no log: what was missed of them cannot be told. */
function isFleeting({ interest: { resource }, decides, shows }: Group): boolean {
  return [resource, ...decides, ...shows].some(one => one.options.ephemeral !== null)
}
