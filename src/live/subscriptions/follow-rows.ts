import { getOrThrow } from '../../protocol/get-or-throw.ts'
import type { ApiError } from '../../protocol/error.ts'
import type { Id, Row } from '../../model/model.ts'
import type { Call } from '../../engine/call/call.ts'
import type { Mode } from './coalesce.ts'
import type { Batch, LiveEvent } from '../event.ts'
import type { Live } from '../live.ts'
import type { Listener, Shown, Subscription } from './subscription.ts'

/** The rows in view at a position, and the changes that led there from the previous state. */
export interface LiveRows<R> {
  /** All rows in view, in the order of the query. */
  readonly rows: readonly R[]
  /** The position of the rows, `epoch.seq`. */
  readonly position: string
  /** Empty after a reset and in the first state, except with `since`. */
  readonly changes: readonly LiveChange<R>[]
  /** It cannot be told what happened since the previous state: too much did, or the log no longer reaches back. */
  readonly reset: boolean
}

export interface LiveChange<R> {
  readonly kind: 'enter' | 'change' | 'leave'
  readonly id: Id
  /** The version of the row, as in its `ETag`. */
  readonly version: string
  /** null if the row left. */
  readonly data: R | null
}

export interface FollowOptions {
  /** Ends the iteration. */
  readonly signal?: AbortSignal
  /**
   * `every` commit (default), `latest`: only the latest state whenever the consumer asks, or at most one state in so many
   * milliseconds.
   */
  readonly mode?: Mode
  /** `wait`: a single row need not be there yet. It enters when it is created. */
  readonly absent?: 'wait'
  /** The position of an earlier state. The first state then has as `changes` what happened since, or is a reset. */
  readonly since?: string
}

/** The most steps that wait for the consumer. If it is slower, the next state is a reset. */
const MOST = 1_000

type Step =
  | { readonly kind: 'snapshot'; readonly rows: readonly Shown[]; readonly position: string; readonly reset: boolean }
  | { readonly kind: 'batch'; readonly batch: Batch }

/**
 * Follows what a read call shows, as an async iterator: first the current rows, then one state per commit. It ends when the
 * signal is aborted or the API closes.
 */
export async function* followRows<R>(
  live: Live,
  call: Call,
  { signal, mode = 'every', absent, since }: FollowOptions = {},
): AsyncGenerator<LiveRows<R>, void> {
  const queue = new Steps()
  const wake = (): void => queue.wake()
  signal?.addEventListener('abort', wake)
  let subscription: Subscription | null = null
  try {
    if (signal?.aborted) return
    subscription = await live.subscribe(call, queue, { mode, waits: absent === 'wait' })
    const view = new Ordered<R>(live, subscription.followed.compare)
    let isFirst = since !== undefined
    for (;;) {
      if (signal?.aborted || (queue.error && live.closing.aborted)) return
      const step = queue.shift()
      if (step && isFirst) {
        isFirst = false
        const state = view.take(step)
        const changes = await changesSince<R>(live, call, since!, state.position)
        yield { ...state, changes: changes ?? [], reset: changes === null }
      } else if (step) yield view.take(step)
      else if (queue.error) throw queue.error
      else {
        subscription.drained()
        if (queue.isEmpty) await queue.more()
      }
    }
  } finally {
    signal?.removeEventListener('abort', wake)
    if (subscription) live.unsubscribe(subscription)
  }
}

/** What happened to the rows in view between two positions. null = the log cannot tell. */
async function changesSince<R>(
  live: Live,
  call: Call,
  since: string,
  position: string,
): Promise<readonly LiveChange<R>[] | null> {
  const missed = new Steps()
  live.unsubscribe(await live.subscribe(call, missed, { since, waits: true }))
  const last = live.terms.seqOf(position)!
  const changes: LiveChange<R>[] = []
  for (let step = missed.shift(); step; step = missed.shift()) {
    if (step.kind === 'snapshot') return null
    // What came later is told by the steps that follow.
    if (step.batch.position <= last) changes.push(...step.batch.events.map(event => changeOf<R>(live, event)))
  }
  return changes
}

function changeOf<R>(live: Live, { kind, id, seq, version, body }: LiveEvent): LiveChange<R> {
  const data = body === null ? null : (JSON.parse(body) as R)
  return { kind, id, version: version ?? live.terms.position(seq), data }
}

/** Steps that wait for the consumer. */
class Steps implements Listener {
  #steps: Step[] = []
  #wake: () => void = () => {}
  error: ApiError | null = null

  get isEmpty(): boolean {
    return this.#steps.length === 0 && !this.error
  }

  isBusy(): boolean {
    return this.#steps.length > 0
  }

  shift(): Step | undefined {
    return this.#steps.shift()
  }

  more(): Promise<void> {
    return new Promise(resolve => (this.#wake = resolve))
  }

  wake(): void {
    this.#wake()
  }

  snapshot(rows: readonly Shown[], position: string, reset: boolean): void {
    // A snapshot contains everything that waited before it.
    this.#steps = [{ kind: 'snapshot', rows, position, reset }]
    this.#wake()
  }

  resumed(): void {}

  batch(batch: Batch): boolean {
    if (this.#steps.length >= MOST) return false
    this.#steps.push({ kind: 'batch', batch })
    this.#wake()
    return true
  }

  end(error: ApiError): void {
    this.error = error
    this.#wake()
  }
}

interface Entry<R> {
  readonly id: Id
  readonly row: Row
  readonly value: R
}

/** Keeps the rows in the order of the query while steps are applied. */
class Ordered<R> {
  readonly #live: Live
  readonly #compare: ((a: Row, b: Row) => number) | null
  #entries: Entry<R>[] = []

  constructor(live: Live, compare: ((a: Row, b: Row) => number) | null) {
    this.#live = live
    this.#compare = compare
  }

  take(step: Step): LiveRows<R> {
    if (step.kind === 'snapshot') {
      this.#entries = step.rows.map(({ id, row, body }) => ({ id, row, value: JSON.parse(body) as R }))
      return { rows: this.#rows(), position: step.position, changes: [], reset: step.reset }
    }
    const { events, order, position } = step.batch
    const changes = events.map(event => {
      const { id, row } = event
      const at = this.#entries.findIndex(entry => entry.id === id)
      if (at >= 0) this.#entries.splice(at, 1)
      const change = changeOf<R>(this.#live, event)
      if (row) this.#insert({ id, row, value: change.data as R })
      return change
    })
    if (order) {
      const places = new Map(order.map((id, i) => [id, i]))
      this.#entries.sort((a, b) => getOrThrow(places, a.id) - getOrThrow(places, b.id))
    }
    return { rows: this.#rows(), position: this.#live.terms.position(position), changes, reset: false }
  }

  /** Inserts a row by binary search; without an order of rows it goes to the end, and `order` sorts it in. */
  #insert(entry: Entry<R>): void {
    const compare = this.#compare
    let low = 0
    let high = this.#entries.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (compare && compare(this.#entries[middle]!.row, entry.row) > 0) high = middle
      else low = middle + 1
    }
    this.#entries.splice(low, 0, entry)
  }

  #rows(): R[] {
    return this.#entries.map(entry => entry.value)
  }
}
