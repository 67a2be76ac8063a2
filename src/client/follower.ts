import type { Frame } from './call.ts'
import type { Problem } from './problem.ts'

/** What a subscription tells, in the messages of restuary.1 (docs/protocol.md §8.5), whatever the transport is. */
export interface Follower {
  /** `uri`, `params` and what else belongs to the request. */
  readonly request: Frame
  /** Where it goes on. null = from the beginning. */
  readonly position: string | null
  hear(frame: Frame): void
  /** Everything up to a position has been told. */
  advance(position: string): void
  /** Forgets the position: what comes next is for another caller. */
  restart(): void
  /** The connection is lost, and somebody sees to a new one. */
  stale(): void
  /** The server has refused it or ended it. */
  end(problem: Problem): void
}

/** Carries subscriptions. */
export interface Followers {
  /** Begins a subscription, which goes on over all connections. Returns the function that ends it. */
  follow(follower: Follower): () => void
}
