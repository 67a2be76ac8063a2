import type { ApiError } from '../protocol/error.ts'
import type { Id } from '../model/model.ts'
import type { Batch } from '../live/event.ts'
import type { Listener, Shown } from '../live/subscriptions/subscription.ts'

/** A step as a subscriber gets it, in a form that can be compared. */
export type Heard =
  | { readonly snapshot: readonly Id[]; readonly reset: boolean }
  | { readonly resumed: string }
  | { readonly position: number; readonly events: readonly (readonly [kind: string, id: Id])[] }
  | { readonly end: string }

/** A subscriber that keeps everything it gets, and the rows that follow from it. */
export class Recorder implements Listener {
  readonly heard: Heard[] = []
  readonly batches: Batch[] = []
  /** Bodies in view by id. */
  readonly rows: Map<Id, unknown> = new Map()
  position = ''
  /** The seq up to which it has been told. */
  seq = -1
  /** Contradictions: something entered that was there, or left that was not, or came out of order. */
  readonly faults: string[] = []
  isSlow = false
  onStep: () => void = () => {}

  snapshot(rows: readonly Shown[], position: string, reset: boolean): void {
    this.rows.clear()
    for (const { id, body } of rows) this.rows.set(id, JSON.parse(body))
    this.position = position
    this.seq = Number(position.split('.')[1])
    this.heard.push({ snapshot: rows.map(row => row.id), reset })
    this.onStep()
  }

  resumed(position: string): void {
    this.heard.push({ resumed: position })
    this.seq = Number(position.split('.')[1])
    this.onStep()
  }

  batch(batch: Batch): boolean {
    if (this.isSlow) return false
    if (batch.position <= this.seq) this.faults.push(`${batch.position} after ${this.seq}`)
    this.seq = batch.position
    this.batches.push(batch)
    this.heard.push({ position: batch.position, events: batch.events.map(({ kind, id }) => [kind, id] as const) })
    for (const { kind, id, body } of batch.events) {
      if (this.rows.has(id) !== (kind !== 'enter')) this.faults.push(`${kind} of ${id} at ${batch.position}`)
      if (body === null) this.rows.delete(id)
      else this.rows.set(id, JSON.parse(body))
    }
    this.onStep()
    return true
  }

  end(error: ApiError): void {
    this.heard.push({ end: error.code })
    this.onStep()
  }

  /** Everything since the last call. */
  news(): Heard[] {
    return this.heard.splice(0)
  }
}
