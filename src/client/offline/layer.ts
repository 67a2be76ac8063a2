import type { Answer, Call, Id } from '../call.ts'
import type { Follower } from '../follower.ts'
import type { Session } from '../session.ts'

/** What is between a client and its connection. */
export interface Layer {
  /** Sends a call. Resolves to the answer, rejects with a Problem. */
  readonly send: (call: Call) => Promise<Answer>
  /** Begins a subscription. Returns the function that ends it. */
  readonly follow: (follower: KeptFollower) => () => void
  /** Somebody has logged in or out. */
  readonly changeCaller?: () => void
}

/** A live query, whose rows can be kept. */
export interface KeptFollower extends Follower {
  /** The snapshot with which another live query may begin. undefined = its rows are not up to date. */
  toJSON(): unknown
}

/** What a layer is made of. */
export interface LayerParts extends Layer {
  readonly session: Session
  /** Shows a write in live queries, and sends it through the layer. */
  readonly repeat: (call: Call) => Promise<Answer>
  /** A row as a live query knows it, without one's own writes. */
  readonly known: (resource: string, id: Id) => unknown
}
