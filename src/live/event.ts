import { ID, SEQ, type Id, type Resource, type Row } from '../model/model.ts'
import type { Change } from '../store/store.ts'

/** What a commit did to one row, from the point of view of a subscription. */
export interface LiveEvent {
  readonly kind: 'enter' | 'change' | 'leave'
  readonly id: Id
  /** The seq of the row's version after the change; for a row that leaves, that of the change itself. */
  readonly seq: number
  /**
   * The version as the caller is told it, if rules hide something of the row from it or if related rows are shown; null =
   * `seq` is the version.
   */
  readonly version: string | null
  /** JSON text of the representation; null if the row leaves. */
  readonly body: string | null
  /** The row that the representation shows; null if it leaves. */
  readonly row: Row | null
  /** `born`: the row was created. `dead`: the row was deleted. Otherwise it only moved into or out of view. */
  readonly born: boolean
  readonly dead: boolean
  /**
   * The log records of the row behind the event. Empty = the row itself did not change but looks different because a related
   * row did. null = it is not known what has changed.
   */
  readonly changes: readonly Change[] | null
}

/** What one step of the log means to all subscriptions with the same query. It is computed once, and encoded once per dialect. */
export interface Batch {
  readonly resource: Resource
  /** The seq of the view after this step. */
  readonly position: number
  readonly events: readonly LiveEvent[]
  /** The ids of all rows in view, in the order of the query, if the order cannot be told from the rows; otherwise null. */
  readonly order: readonly Id[] | null
  /** The idempotency keys of the writes in it, with their callers (`store/signature.ts`). */
  readonly by: readonly string[]
  /** Encoded frames by dialect and label. The first connection that needs one makes it, and the others reuse it. */
  readonly frames: Map<string, Frame>
}

/** Encoded bytes, ready to be sent. Connections that receive the same share them. */
export type Frame = Uint8Array

/** Makes a batch. `step` says where the view is after it, and which writes are in it. */
export function batchOf(
  resource: Resource,
  { position, by }: Pick<Batch, 'position' | 'by'>,
  events: readonly LiveEvent[],
  order: readonly Id[] | null = null,
): Batch {
  return { resource, position, events, order, by, frames: new Map() }
}

/**
 * The frame of a batch for a dialect. The first call makes it, later calls reuse it. `to` is passed on to `make`, so that
 * `make` can be a single function instead of a closure per call: most calls only find the frame and then allocate nothing.
 */
export function frameOf<T>(batch: Batch, key: string, to: T, make: (batch: Batch, to: T) => Frame): Frame {
  let frame = batch.frames.get(key)
  if (frame === undefined) batch.frames.set(key, (frame = make(batch, to)))
  return frame
}

/** Frames of other objects. A WeakMap, so that they live as long as the object that they encode. */
const shared = new WeakMap<object, Map<string, Frame>>()

/**
 * A frame that is not part of a batch, for instance of a snapshot's rows or of a log record. It is made once for all
 * connections with the same key.
 */
export function sharedFrame(of: object, key: string, make: () => Frame): Frame {
  let frames = shared.get(of)
  if (!frames) shared.set(of, (frames = new Map()))
  let frame = frames.get(key)
  if (frame === undefined) frames.set(key, (frame = make()))
  return frame
}

/**
 * Rows in parts of about so many bytes, at least one row each. Nobody else is served while a frame is made, so a large snapshot
 * is sent as several.
 */
export function inParts<R extends { readonly body: string | null }>(rows: readonly R[], most: number): R[][] {
  let part: R[] = []
  const parts = [part]
  let size = 0
  for (const row of rows) {
    const length = row.body?.length ?? 0
    if (size > 0 && size + length > most) {
      part = []
      parts.push(part)
      size = 0
    }
    part.push(row)
    size += length + 1
  }
  return parts
}

/** A row as a view shows it. */
export interface Presented {
  /** JSON text. */
  readonly body: string
  /** See LiveEvent. */
  readonly version: string | null
}

/** The event of a row that is in view after its changes. */
export function shown(
  kind: 'enter' | 'change',
  row: Row,
  { body, version }: Presented,
  changes: readonly Change[],
): LiveEvent {
  const first = changes[0]
  const born = first !== undefined && first.before === null
  return { kind, id: row[ID] as Id, seq: row[SEQ] as number, version, body, row, born, dead: false, changes }
}

/** The event of a row that left the view. */
export function left(changes: readonly Change[], id: Id, seq: number): LiveEvent {
  const last = changes.at(-1)
  const dead = last !== undefined && last.after === null
  return { kind: 'leave', id, seq, version: null, body: null, row: null, born: false, dead, changes }
}

/** How a subscription is doing. */
export interface SubscriptionState {
  /** Whether steps are told (`following`), wait (`starting`, `held`), or are left out until a new snapshot (`behind`, `renewing`). */
  readonly phase: 'following' | 'starting' | 'held' | 'behind' | 'renewing' | 'closed'
  /** The seq up to which it was told; null = nothing yet. */
  readonly told: number | null
  /** How many steps wait to be told. */
  readonly steps: number
  /** null = a function of the application follows. */
  readonly reader: FollowingClient | null
}

/** The client behind a subscription. */
export interface FollowingClient {
  /** The id of the caller; null = nobody is logged in. */
  readonly who: Id | null
  /** Bytes that its connection has not taken yet. */
  readonly waiting: number
}
