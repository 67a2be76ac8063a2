import type { LiveTransport } from '../follower.ts'
import type { Problem } from '../problem.ts'

/** A transport whose code is loaded when it is needed. */
export function later(load: () => Promise<LiveTransport>): LiveTransport {
  let loaded: LiveTransport | null = null
  let loading: Promise<LiveTransport> | undefined
  const get = (): Promise<LiveTransport> => (loading ??= load().then(made => (loaded = made)))
  return {
    get isInUse() {
      return loaded?.isInUse ?? loading !== undefined
    },
    call: async call => (await get()).call(call),
    follow(follower) {
      let stop: (() => void) | null = null
      let isOver = false
      get().then(
        made => isOver || (stop = made.follow(follower)),
        (problem: Problem) => follower.end(problem),
      )
      return () => {
        isOver = true
        stop?.()
      }
    },
    changeCaller: () => loaded?.changeCaller(),
    close() {
      get().then(
        made => made.close(),
        () => {},
      )
    },
  }
}
