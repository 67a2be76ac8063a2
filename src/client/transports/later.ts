import type { Follower, LiveTransport } from '../follower.ts'
import { local, type Problem } from '../problem.ts'

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
    follow: follower => followLater(get(), follower),
    changeCaller: () => loaded?.changeCaller(),
    close() {
      get().then(
        made => made.close(),
        () => {},
      )
    },
  }
}

/** A part of the client that is being loaded. */
export function loaded<T>(part: Promise<T>): Promise<T> {
  return part.catch((cause: unknown) => {
    throw local('offline', 'a part of the client could not be loaded', cause)
  })
}

/** Begins a subscription when the code is loaded. Returns the function that ends it. */
export function followLater(loading: Promise<Pick<LiveTransport, 'follow'>>, follower: Follower): () => void {
  let stop: (() => void) | null = null
  let isOver = false
  loading.then(
    made => isOver || (stop = made.follow(follower)),
    (problem: Problem) => follower.end(problem),
  )
  return () => {
    isOver = true
    stop?.()
  }
}
