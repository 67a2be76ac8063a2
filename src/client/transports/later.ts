import type { Follower, LiveTransport } from '../follower.ts'
import { closed, local, type Problem } from '../problem.ts'

/** A transport whose code is being loaded. */
export function later(loading: Promise<LiveTransport>): LiveTransport {
  let loaded: LiveTransport | null = null
  let isFollowing = false
  /** How many callers there were. */
  let callers = 0
  loading.then(
    made => (loaded = made),
    // Whoever follows something is told.
    () => {},
  )
  return {
    get isInUse() {
      return loaded?.isInUse ?? isFollowing
    },
    async call(call) {
      const by = callers
      const made = await loading
      if (by !== callers) throw closed()
      return made.call(call)
    },
    follow(follower) {
      isFollowing = true
      return followLater(loading, follower)
    },
    changeCaller(isOther) {
      if (isOther) callers++
      return loaded?.changeCaller(isOther)
    },
    close() {
      loading.then(
        made => made.close(),
        () => {},
      )
    },
  }
}

/** A part of the client that is being loaded. */
export function loaded<T>(part: Promise<T>): Promise<T> {
  return part.catch((cause: unknown) => {
    throw local('offline', 'code could not be loaded', cause)
  })
}

/** Begins a subscription when the code is loaded. Returns the function that ends it. */
export function followLater(loading: Promise<Pick<LiveTransport, 'follow'>>, follower: Follower): () => void {
  let isOver = false
  let stop = (): void => void (isOver = true)
  loading.then(
    made => isOver || (stop = made.follow(follower)),
    (problem: Problem) => follower.end(problem),
  )
  return () => stop()
}
