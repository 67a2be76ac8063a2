import type { Principal, Standing } from '../auth/principal.ts'
import type { Values } from '../live/published.ts'
import type { Listener, Subscription } from '../live/subscription.ts'
import { missing } from '../engine/handled.ts'
import type { SocketHost } from './socket/host.ts'

/** Who follows what functions serve. */
export interface Following {
  /** Canonical. */
  readonly uri: string
  /** As the client wrote it. */
  readonly spelled: string
  /** Hears of a record once, however many of its subscriptions it concerns. */
  readonly owner: object
  readonly principal: Principal | null
  readonly standing: Standing | null
  /** The position to continue behind. */
  readonly since: string | null
  /** Where the getter says that there is nothing, there is nothing to begin with; what goes meanwhile is told. */
  readonly mustExist: boolean
}

/** Tells what the getter says, then every record about it; throws where the caller may not read it. */
export function followHandled(
  { handled, published }: Pick<SocketHost, 'handled' | 'published'>,
  { uri, spelled, owner, principal, standing, since, mustExist }: Following,
  listener: Listener<Values>,
): Promise<Subscription<Values>> {
  const read = async (me: Principal | null, isNew: boolean): Promise<string | null> => {
    const found = await handled.get({ uri, spelled, principal: me })
    if (found && found.value != null) return found.body
    if (found && isNew && mustExist) throw missing(uri)
    return null
  }
  const permit = (me: Principal | null): void => handled.permitFollowing(uri, me)
  return published.subscribe({ uri, principal, owner, permit, read }, listener, since, standing)
}
