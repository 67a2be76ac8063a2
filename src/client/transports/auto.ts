import type { ConnectionStatus, Follower, LiveTransport, LiveTransportOptions } from '../follower.ts'
import type { Problem } from '../problem.ts'
import { streams } from './streams.ts'

/** After how many attempts without a WebSocket requests are tried. */
const ATTEMPTS = 2

/** Uses a WebSocket, and Server-Sent Events instead where requests come through and WebSockets do not. */
export function auto(
  options: LiveTransportOptions,
  webSocket: (options: LiveTransportOptions) => LiveTransport,
): LiveTransport {
  /** The functions that end what is followed. */
  const following = new Map<Follower, () => void>()
  let attempts = 0
  /** Whether it is decided. */
  let isSettled = false
  const first = webSocket({
    ...options,
    onStatus(status: ConnectionStatus) {
      if (current !== first) return
      options.onStatus(status)
      if (status === 'open' || status === 'closed') isSettled = true
      if (status === 'offline' && !isSettled && ++attempts % ATTEMPTS === 0) void tryRequests()
    },
  })
  let current: LiveTransport = first

  async function tryRequests(): Promise<void> {
    const { problem } = await options.http.send('GET', '/').then(
      () => ({ problem: null }),
      (thrown: Problem) => ({ problem: thrown }),
    )
    // Whatever the server answers, it can be reached.
    if (isSettled || problem?.status === 0) return
    isSettled = true
    current = streams(options)
    for (const [follower, stop] of following) {
      stop()
      following.set(follower, current.follow(follower))
    }
    first.close()
  }

  return {
    get isInUse() {
      return current.isInUse
    },
    async call(call) {
      const by = current
      return by.call(call).catch((problem: Problem) => {
        // The WebSocket was given up while it waited.
        if (by !== current && problem.code === 'closed') return current.call(call)
        throw problem
      })
    },
    follow(follower) {
      following.set(follower, current.follow(follower))
      return () => {
        following.get(follower)?.()
        following.delete(follower)
      }
    },
    changeCaller: isOther => current.changeCaller(isOther),
    close: () => current.close(),
  }
}
