import type { Id, Resource } from '../model/model.ts'
import type { Change } from '../store/store.ts'

/** What a commit did to one row as a subscription sees it. */
export interface LiveEvent {
  readonly kind: 'enter' | 'change' | 'leave'
  readonly id: Id
  /** seq of the row's version after the change; of the change itself when it leaves. */
  readonly seq: number
  /** JSON text of the representation; null when the row leaves. */
  readonly body: string | null
  /** The row itself came to be, or is gone; otherwise it only moved into or out of view. */
  readonly born: boolean
  readonly dead: boolean
  /** The records that it comes from; empty for a row shown anew because a related row changed. */
  readonly changes: readonly Change[]
}

/** What one step of the log means to all subscriptions with the same query: computed once, encoded once per dialect. */
export interface Batch {
  readonly resource: Resource
  /** seq that the view is at after it. */
  readonly position: number
  readonly events: readonly LiveEvent[]
  /** Frames by dialect and label; whoever needs one first makes it. */
  readonly frames: Map<string, Frame>
}

/** Bytes ready for a connection, shared by all that get the same. */
export type Frame = string | Uint8Array

export function batchOf(resource: Resource, position: number, events: readonly LiveEvent[]): Batch {
  return { resource, position, events, frames: new Map() }
}

/** The frame of a batch for a dialect: made at the first call, shared afterwards. */
export function frameOf(batch: Batch, key: string, make: () => Frame): Frame {
  let frame = batch.frames.get(key)
  if (frame === undefined) batch.frames.set(key, (frame = make()))
  return frame
}
