import type { Id } from '../../model/model.ts'
import { batchOf, type Batch, type LiveEvent } from '../event.ts'

/** How much a subscription wants to hear: every commit, only the latest state of each row, or that at most once in so many milliseconds. */
export type Mode = 'every' | 'latest' | number

/** Rows whose changes are held back at most; beyond it a new snapshot is cheaper. */
const MOST = 10_000

/** Folds batches into one that leads from the state before the first to that after the last. */
export class Coalesced {
  readonly #events = new Map<Id, LiveEvent>()
  #last: Batch | null = null

  get isEmpty(): boolean {
    return this.#last === null
  }

  /** False if too much has come together. */
  add(batch: Batch): boolean {
    this.#last = batch
    for (const event of batch.events) {
      const earlier = this.#events.get(event.id)
      const both = earlier ? folded(earlier, event) : event
      // What was entered last is told last.
      this.#events.delete(event.id)
      if (both) this.#events.set(event.id, both)
    }
    return this.#events.size <= MOST
  }

  /** All that came since the last time, as one batch; null if it came to nothing. */
  take(): Batch | null {
    const last = this.#last
    const events = [...this.#events.values()]
    this.clear()
    if (!last || (events.length === 0 && !last.order)) return null
    return batchOf(last.resource, last.position, events, last.order)
  }

  clear(): void {
    this.#last = null
    this.#events.clear()
  }
}

/** Two events of one row as one; null if it is as it was not there. */
function folded(a: LiveEvent, b: LiveEvent): LiveEvent | null {
  if (a.kind === 'enter') return b.kind === 'leave' ? null : { ...b, kind: 'enter', born: a.born }
  if (b.kind === 'leave') return { ...b, changes: [...a.changes, ...b.changes] }
  // Where one of them is told by no record, or the row changed unseen in between, any member may be another.
  const isKnown = a.kind === 'change' && a.changes.length > 0 && b.changes.length > 0
  return { ...b, kind: 'change', changes: isKnown ? [...a.changes, ...b.changes] : [] }
}
