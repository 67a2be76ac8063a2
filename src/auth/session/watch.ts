import type { Maybe } from '../../store/work.ts'
import type { Identity, Principal } from '../principal.ts'
import type { Watches } from './watches.ts'

/**
 * What happened to a connected caller. `changed` brings the caller as it is now.
 *
 * @example
 * const stop = app.engine.auth!.watch(identity, what => what.kind !== 'changed' && socket.close())
 */
export type Watched =
  | { readonly kind: 'changed'; readonly principal: Principal }
  | { readonly kind: 'expired' | 'ended' }

/** Longest time that a timer of JavaScript can wait, in milliseconds. */
const longest = 2 ** 31 - 1

/**
 * Follows a connected caller until the first `expired` or `ended`, or until the returned function is called. `look` finds the
 * caller as it is now. null means that the session has ended; it rejects if it cannot tell.
 */
export function watch(
  identity: Identity,
  look: (() => Maybe<Principal | null>) | null,
  watches: Watches | null,
  clock: () => number,
  listener: (what: Watched) => void,
): () => void {
  let { principal } = identity
  let timer: NodeJS.Timeout | undefined
  let isOver = false

  const stop = (): void => {
    isOver = true
    clearTimeout(timer)
    unsubscribe()
  }
  const finish = (kind: 'expired' | 'ended'): void => {
    if (isOver) return
    stop()
    listener({ kind })
  }
  const settle = (now: Principal | null): void => {
    if (isOver) return
    if (now === null) return finish('ended')
    if (now === principal) return
    principal = now
    listener({ kind: 'changed', principal })
  }
  const check = (): void => {
    if (isOver || !look) return
    try {
      const now = look()
      // A caller that cannot be looked up is not let in any longer.
      if (now instanceof Promise) now.then(settle, () => finish('ended'))
      else settle(now)
    } catch {
      finish('ended')
    }
  }
  const expires = identity.expires ?? Infinity
  const due = (): void => {
    if (expires <= clock()) finish('expired')
    else wait()
  }
  const wait = (): void => {
    if (expires === Infinity || isOver) return
    timer = setTimeout(due, Math.min(Math.max(expires - clock(), 0), longest))
    timer.unref()
  }

  const unsubscribe = (look && watches?.on(principal.id, check)) ?? (() => {})
  wait()
  // Nobody was listening between the recognition of the caller and now.
  check()
  return stop
}
