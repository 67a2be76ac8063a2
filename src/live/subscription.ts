import type { ApiError } from '../protocol/error.ts'
import type { Id, Row } from '../model/model.ts'
import { Coalesced, type Mode } from './coalesce.ts'
import type { Batch, Frame } from './event.ts'
import type { Group, Member } from './group.ts'

/** A row of a snapshot. */
export interface Shown {
  readonly id: Id
  readonly seq: number
  /** JSON text. */
  readonly body: string
  readonly row: Row
}

/** What a face makes of a subscription: it turns these into frames of its dialect. */
export interface Listener {
  /** All that is in view at a position, in the order of the query. `reset` = discard what you have first. */
  snapshot(rows: readonly Shown[], position: string, reset: boolean): void
  /** It continues behind the position that it was resumed from; what happened since follows as batches. */
  resumed(position: string): void
  /** What one step did to the view. False if it was left out because the connection is slow. */
  batch(batch: Batch): boolean
  /** What was handed over earlier has not been taken yet; `drained` of the subscription tells when it is. */
  isBusy?(): boolean
  /** It is over: the row or the right to see it is gone, or the view can no longer be taken. */
  end(error: ApiError): void
}

/** Batches that are kept while it is not known who listens; beyond it a new snapshot is cheaper. */
const KEPT = 1_000

const snapshotFrames = new WeakMap<readonly Shown[], Map<string, Frame>>()

/** The frame of a snapshot for a dialect: equal subscriptions that start together share rows, and so the frame. */
export function snapshotFrameOf(rows: readonly Shown[], key: string, make: () => Frame): Frame {
  let frames = snapshotFrames.get(rows)
  if (!frames) snapshotFrames.set(rows, (frames = new Map()))
  let frame = frames.get(key)
  if (frame === undefined) frames.set(key, (frame = make()))
  return frame
}

/** One connection's interest, from its snapshot on. */
export class Subscription implements Member {
  readonly listener: Listener
  readonly #mode: Mode
  #key: string
  #group: Group
  readonly #resync: (subscription: Subscription) => Promise<void>
  /** Something was left out: nothing more is told until a new snapshot. */
  #behind = false
  #resyncing = false
  #closed = false
  /** Held back by the mode; made when it is first needed. */
  #held: Coalesced | null = null
  #timer: NodeJS.Timeout | null = null
  /** What came since it is not known who listens; null = it is known. */
  #kept: Batch[] | null = null

  constructor(
    key: string,
    group: Group,
    listener: Listener,
    mode: Mode,
    resync: (subscription: Subscription) => Promise<void>,
  ) {
    this.#key = key
    this.#group = group
    this.listener = listener
    this.#mode = mode
    this.#resync = resync
  }

  get key(): string {
    return this.#key
  }

  get group(): Group {
    return this.#group
  }

  get closed(): boolean {
    return this.#closed
  }

  get behind(): boolean {
    return this.#behind
  }

  deliver(batch: Batch): void {
    if (this.#closed || this.#behind) return
    if (this.#kept) this.#keep(batch)
    else if (this.#mode === 'every') this.#tell(batch)
    else if (this.#mode === 'latest') this.#tellLatest(batch)
    else this.#tellPaced(batch, this.#mode)
  }

  reset(): void {
    if (this.#closed) return
    this.#leaveBehind()
    this.#startAnew()
  }

  /** Nothing is told until `release` or `become`: whoever listens may not be who began it. */
  hold(): void {
    this.#kept ??= []
  }

  /** It is still the same: what came meanwhile is told. */
  release(): void {
    const kept = this.#kept
    if (!kept) return
    this.#kept = null
    for (const batch of kept) this.deliver(batch)
    this.drained()
  }

  /** What came and was not told, in order; it will not be. */
  untold(): Batch[] {
    const held = this.#held?.take()
    const kept = this.#kept ?? []
    this.#kept &&= []
    return held ? [held, ...kept] : kept
  }

  /** It follows another group's view from now on; `batch` leads there, null = that cannot be told. */
  become(key: string, group: Group, batch: Batch | null): void {
    this.#key = key
    this.#group = group
    this.#kept = null
    if (batch === null) this.#leaveBehind()
    else if (batch.events.length > 0 || batch.order) this.#tell(batch)
    this.drained()
  }

  /** The connection has taken what waited: whoever was left behind starts anew, what was held back is told. */
  drained(): void {
    if (this.#closed || this.#kept) return
    if (this.#behind) this.#startAnew()
    else if (this.#mode === 'latest') this.#release()
  }

  /** A new snapshot was told. */
  caughtUp(): void {
    this.#behind = false
  }

  close(): void {
    this.#closed = true
    if (this.#timer) clearTimeout(this.#timer)
    this.#held = null
  }

  #keep(batch: Batch): void {
    if (this.#kept!.length < KEPT) this.#kept!.push(batch)
    else this.#leaveBehind()
  }

  #tell(batch: Batch): void {
    if (!this.listener.batch(batch)) this.#leaveBehind()
  }

  #tellLatest(batch: Batch): void {
    const isBusy = this.listener.isBusy?.() ?? false
    if (!isBusy && (!this.#held || this.#held.isEmpty)) return this.#tell(batch)
    this.#hold(batch)
    if (!isBusy) this.#release()
  }

  /** The first at once, what comes within the interval together at its end. */
  #tellPaced(batch: Batch, interval: number): void {
    if (this.#timer) return this.#hold(batch)
    this.#tell(batch)
    this.#pace(interval)
  }

  #pace(interval: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = null
      if (this.#kept) return this.#pace(interval)
      if (!this.#held || this.#held.isEmpty) return
      this.#release()
      this.#pace(interval)
    }, interval)
    this.#timer.unref()
  }

  #hold(batch: Batch): void {
    this.#held ??= new Coalesced()
    if (this.#held.add(batch)) return
    this.#leaveBehind()
    if (!this.listener.isBusy?.()) this.#startAnew()
  }

  #release(): void {
    const batch = this.#held?.take()
    if (batch) this.#tell(batch)
  }

  #leaveBehind(): void {
    this.#behind = true
    this.#held?.clear()
    this.#kept &&= []
  }

  /** One snapshot at a time, and none on top of what the connection has not taken. */
  #startAnew(): void {
    if (this.#kept || this.#resyncing || this.listener.isBusy?.()) return
    this.#resyncing = true
    void this.#resync(this).finally(() => {
      this.#resyncing = false
    })
  }
}
