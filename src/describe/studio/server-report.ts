import type { Connected } from '../../live/live.ts'
import { listedCommit, type Activity, type RecentCommit } from './activity.ts'
import { authorsOf } from './author.ts'
import type { StudioSubject } from './studio-subject.ts'
import { labelOf } from './users.ts'

/** The most connections and subscribed queries that are listed. */
const LISTED = 200

/** How the server is doing, and what it did last. Counters only grow, so that a reader makes rates of them. */
export async function serverReport(shown: StudioSubject, activity: Activity): Promise<object> {
  const { live, admission } = shown
  await activity.look()
  const { rss, heapUsed } = process.memoryUsage()
  const { user, system } = process.cpuUsage()
  return {
    at: Date.now(),
    position: await live.now(),
    uptime: process.uptime(),
    commits: activity.commits,
    changes: activity.changes,
    recent: await withAuthors(shown, activity.recent),
    memory: { rss, heapUsed },
    cpu: (user + system) / 1e6,
    delay: activity.takeDelay(),
    lag: activity.takeLag(),
    requests: admission ? { inFlight: admission.inFlight, refused: admission.refused } : null,
    isRefusing: admission?.isRefusing ?? false,
    subscriptions: live.subscriptions,
    deliveries: live.postman.deliveries,
    queries: live.upkeep,
    connections: [...live.connections].slice(0, LISTED).map(([one, since]) => ({
      who: one.principal?.id ?? null,
      label: labelOf(shown, one.principal),
      face: faceOf(one),
      address: one.credentials.address ?? null,
      since,
      subscriptions: one.subscriptions.size,
      waiting: one.mailbox.waiting,
    })),
  }
}

/** How a client is connected. What came by an ordinary request and is still open is a stream. */
export function faceOf({ credentials: { face } }: Connected): string {
  return face === 'http' ? 'sse' : face
}

/** The queries that are subscribed, and what they cost. */
export async function subscriptionReport({ live }: StudioSubject): Promise<object> {
  const queries = live.queriesFollowed(LISTED)
  return { told: live.toldUpTo, position: await live.now(), queries }
}

/** How many changes back the commits are listed. */
const PAST = 1_000

/** The newest commits of the log, the oldest first: states that can be looked at again. */
export async function commitReport(shown: StudioSubject): Promise<object> {
  const { store, live } = shown
  const { terms } = live
  // oxlint-disable-next-line require-yield -- nothing needs to be waited for
  const position = await store.read(function* (snapshot) {
    return snapshot.position
  })
  const oldest = await store.oldestPosition()
  const commits = (await store.commits(Math.max(oldest, position - PAST), PAST)) ?? []
  const listed = commits.map(commit => listedCommit(commit, terms))
  return { position: terms.position(position), commits: await withAuthors(shown, listed) }
}

/** Commits with who made them, instead of signatures, which have the idempotency keys of others. */
async function withAuthors(shown: StudioSubject, commits: readonly RecentCommit[]): Promise<object[]> {
  const authorOf = authorsOf(shown)
  const listed: object[] = []
  for (const commit of commits) listed.push({ ...commit, by: await authorOf(commit.by) })
  return listed
}
