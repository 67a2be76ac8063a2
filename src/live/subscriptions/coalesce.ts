import type { Id } from '../../model/model.ts'
import { batchOf, type Batch, type LiveEvent } from '../event.ts'

/**
 * How much a subscription wants to receive: every commit, only the latest state of each row, or that at most once in so many
 * milliseconds.
 *
 * @example
 * app.live('todo', { mode: 'latest' }) // states that are outdated before they can be told are left out
 */
export type Mode = 'every' | 'latest' | number

/** The most rows whose changes are held back, and the most idempotency keys. With more, a new snapshot is cheaper. */
const MOST = 10_000
/** The most changes of one row that are kept with its event. With more, it is not known which of its members changed. */
const CHANGES = 100

/** Merges batches into one that leads from the state before the first to the state after the last. */
export class Coalesced {
  readonly #events = new Map<Id, LiveEvent>()
  #last: Batch | null = null
  #by: string[] = []

  get isEmpty(): boolean {
    return this.#last === null
  }

  /** Adds a batch. False if too much has come together. */
  add(batch: Batch): boolean {
    this.#last = batch
    for (const signature of batch.by) this.#by.push(signature)
    for (const event of batch.events) {
      const earlier = this.#events.get(event.id)
      const both = earlier ? folded(earlier, event) : event
      // Re-inserted at the end: rows are sent in the order of their last event.
      this.#events.delete(event.id)
      if (both) this.#events.set(event.id, both)
    }
    return this.#events.size <= MOST && this.#by.length <= MOST
  }

  /** Everything since the last call, as one batch; null if it cancels out. */
  take(): Batch | null {
    const last = this.#last
    const by = this.#by
    const events = [...this.#events.values()]
    this.clear()
    if (!last || (events.length === 0 && !last.order)) return null
    return batchOf(last.resource, { position: last.position, by }, events, last.order)
  }

  clear(): void {
    this.#last = null
    this.#by = []
    this.#events.clear()
  }
}

/** Merges two events of one row; null if the row came and went. */
function folded(a: LiveEvent, b: LiveEvent): LiveEvent | null {
  if (a.kind === 'enter') return b.kind === 'leave' ? null : { ...b, kind: 'enter', born: a.born }
  if (b.kind === 'leave') return { ...b, changes: bothChanges(a, b) }
  // If the row was out of view in between, or only one of the events is about related rows, it is not known what has changed.
  const isKnown = a.kind === 'change' && (a.changes?.length === 0) === (b.changes?.length === 0)
  return { ...b, kind: 'change', changes: isKnown ? bothChanges(a, b) : null }
}

function bothChanges({ changes: a }: LiveEvent, { changes: b }: LiveEvent): LiveEvent['changes'] {
  return !a || !b || a.length + b.length > CHANGES ? null : [...a, ...b]
}
