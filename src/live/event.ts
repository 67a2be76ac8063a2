import { ID, SEQ, type Id, type Resource, type Row } from '../model/model.ts'
import type { Change } from '../store/store.ts'

/** What a commit did to one row as a subscription sees it. */
export interface LiveEvent {
  readonly kind: 'enter' | 'change' | 'leave'
  readonly id: Id
  /** seq of the row's version after the change; of the change itself when it leaves. */
  readonly seq: number
  /** JSON text of the representation; null when the row leaves. */
  readonly body: string | null
  /** The row behind the representation; null when it leaves. */
  readonly row: Row | null
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
  /** Ids of all rows in view in the order of the query, where rows do not tell it themselves; otherwise null. */
  readonly order: readonly Id[] | null
  /** Frames by dialect and label; whoever needs one first makes it. */
  readonly frames: Map<string, Frame>
}

/** Bytes ready for a connection, shared by all that get the same. */
export type Frame = Uint8Array

export function batchOf(
  resource: Resource,
  position: number,
  events: readonly LiveEvent[],
  order: readonly Id[] | null = null,
): Batch {
  return { resource, position, events, order, frames: new Map() }
}

/**
 * The frame of a batch for a dialect: made at the first call, shared afterwards. What `make` needs is handed through, so that
 * it can be one function for all: whoever finds the frame allocates nothing.
 */
export function frameOf<T>(batch: Batch, key: string, to: T, make: (batch: Batch, to: T) => Frame): Frame {
  let frame = batch.frames.get(key)
  if (frame === undefined) batch.frames.set(key, (frame = make(batch, to)))
  return frame
}

const shared = new WeakMap<object, Map<string, Frame>>()

/** The frame of something else that many are told, a snapshot's rows or a record: made once for all with the same key. */
export function sharedFrame(of: object, key: string, make: () => Frame): Frame {
  let frames = shared.get(of)
  if (!frames) shared.set(of, (frames = new Map()))
  let frame = frames.get(key)
  if (frame === undefined) frames.set(key, (frame = make()))
  return frame
}

/** The event of a row that is in view after its changes. */
export function shown(kind: 'enter' | 'change', row: Row, body: string, changes: readonly Change[]): LiveEvent {
  const first = changes[0]
  const born = first !== undefined && first.before === null
  return { kind, id: row[ID] as Id, seq: row[SEQ] as number, body, row, born, dead: false, changes }
}

/** The event of a row that is no longer in view; `seq` where no change of its own made it go. */
export function left(changes: readonly Change[], id: Id, seq = 0): LiveEvent {
  const last = changes.at(-1)
  const dead = last !== undefined && last.after === null
  return { kind: 'leave', id, seq: last?.seq ?? seq, body: null, row: null, born: false, dead, changes }
}
