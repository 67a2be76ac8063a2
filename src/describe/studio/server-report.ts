import type { Activity } from './activity.ts'
import type { StudioSubject } from './studio.ts'

/** The most connections and subscribed queries that are listed. */
const LISTED = 200

/** How the server is doing, and what it did last. Counters only grow, so that a reader makes rates of them. */
export async function serverReport({ live, admission }: StudioSubject, activity: Activity): Promise<object> {
  await activity.look()
  const { rss, heapUsed } = process.memoryUsage()
  const { user, system } = process.cpuUsage()
  return {
    at: Date.now(),
    position: await live.now(),
    uptime: process.uptime(),
    commits: activity.commits,
    changes: activity.changes,
    recent: activity.recent,
    memory: { rss, heapUsed },
    cpu: (user + system) / 1e6,
    delay: activity.takeDelay(),
    requests: admission ? { inFlight: admission.inFlight, refused: admission.refused } : null,
    subscriptions: live.subscriptions,
    queries: live.upkeep,
    connections: [...live.connections].slice(0, LISTED).map(([one, since]) => ({
      who: one.principal?.id ?? null,
      face: one.credentials.face,
      address: one.credentials.address ?? null,
      since,
      subscriptions: one.subscriptions.size,
    })),
  }
}

/** The queries that are subscribed, and what they cost. */
export function subscriptionReport({ live }: StudioSubject): object {
  return { queries: live.queriesFollowed(LISTED) }
}
