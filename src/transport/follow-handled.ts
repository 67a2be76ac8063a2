import type { Principal, Standing } from '../auth/principal.ts'
import type { PublishedListener, PublishedSubscription } from '../live/published.ts'
import type { SocketHost } from './socket-host.ts'

/** Who follows what functions serve, on a socket. */
export interface Follower {
  /** Canonical. */
  readonly uri: string
  /** As the client wrote it. */
  readonly spelled: string
  /** Hears of a record once, however many of its subscriptions it concerns. */
  readonly owner: object
  readonly listener: PublishedListener
  /** Who calls now. */
  readonly principal: () => Principal | null
  readonly standing: Standing | null
  /** The position to continue behind. */
  readonly since: string | null
  /** Called where the getter says that there is nothing: what it throws stands in the way. */
  readonly absent?: () => void
}

/** Tells what the getter says, then every record about it; throws where the caller may not read it. */
export async function followHandled(
  { handled, published }: Pick<SocketHost, 'handled' | 'published'>,
  { uri, spelled, owner, listener, principal, standing, since, absent }: Follower,
): Promise<PublishedSubscription> {
  const me = principal()
  handled.permitFollowing(uri, me)
  const read = async (): Promise<string | null> => {
    const found = await handled.get({ uri, spelled, principal: principal() })
    if (found && found.value != null) return found.body
    if (found) absent?.()
    return null
  }
  return published.subscribe({ uri, owner, read, listener, caller: standing && { principal: me, standing } }, since)
}
