import type { Engine } from '../../engine/engine.ts'
import type { HandledResources } from '../../engine/actions/handled-resources.ts'
import type { Live } from '../../live/live.ts'
import type { PublishedFeed } from '../../live/subscriptions/published.ts'
import type { Admission } from '../hosts/admission.ts'
import type { AddressOf } from '../http/request/client-address.ts'

/** The parts of an Api that socket faces serve. */
export interface SocketHost {
  readonly engine: Engine
  readonly live: Live
  readonly handled: HandledResources
  readonly published: PublishedFeed
  /** null if no request is ever refused for overload. */
  readonly admission: Admission | null
  /** Finds the client's address behind proxies; absent if there are none. */
  readonly addressOf?: AddressOf
  /** Receives unexpected errors. The connection survives them. */
  readonly onFault: (error: unknown) => void
}

/** The longest time, in milliseconds, that the answer to a write waits for the writer's own subscriptions. */
const PATIENCE = 1_000

/**
 * Resolves when everything that is committed has been sent to the subscribers of this process. The answer to a write comes
 * after what the write did to the writer's own subscriptions (protocol §8.4). Waits at most one second.
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
