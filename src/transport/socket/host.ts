import type { Engine } from '../../engine/engine.ts'
import type { Handled } from '../../engine/actions/handled-resources.ts'
import type { Live } from '../../live/live.ts'
import type { PublishedFeed } from '../../live/subscriptions/published.ts'
import type { Admission } from '../hosts/admission.ts'
import type { AddressOf } from '../http/request/client-address.ts'

/** What faces on sockets serve: the parts of an Api. */
export interface SocketHost {
  readonly engine: Engine
  readonly live: Live
  readonly handled: Handled
  readonly published: PublishedFeed
  /** Null where everything is admitted. */
  readonly admission: Admission | null
  /** Who is behind a connection that came through proxies; absent where there are none. */
  readonly addressOf?: AddressOf
  /** Hears of what should not happen; the connection lives on. */
  readonly onFault: (error: unknown) => void
}

/** Milliseconds that the answer to a write waits for what its writer follows. */
const PATIENCE = 1_000

/**
 * Settles when everything that is committed has been told to this process's subscribers: the answer to a write comes
 * after what it did to the writer's own subscriptions (protocol §8.4). Waits a second at most.
 */
export async function ownEffectsTold(live: Live): Promise<void> {
  const patience = Promise.withResolvers<void>()
  const timer = setTimeout(patience.resolve, PATIENCE)
  try {
    await Promise.race([live.advance(), patience.promise])
  } finally {
    clearTimeout(timer)
  }
}
