import type { Frame, Id } from '../call.ts'
import { deferred } from '../deferred.ts'
import type { Outline } from '../follower.ts'
import type { KeptFollower } from '../offline/layer.ts'
import { local, type Problem } from '../problem.ts'
import type { LiveChange, LiveState, LiveStatus } from '../types/live.ts'
import { changesBetween } from './changes.ts'
import { Overlay, type Pending, type View } from './overlay.ts'
import { idIn, type Row } from './order.ts'
import { Rows } from './rows.ts'

/** What a live query needs of its client. */
export interface LiveHost {
  /** Begins a subscription. Returns the function that ends it. */
  follow(follower: KeptFollower): () => void
  /** The unanswered writes to a resource, in their order. */
  pending(resource: string | null): readonly Pending[]
  /** Calls back soon, so that what happens together is shown together. */
  schedule(work: () => void): void
  /** Called when nobody has used the query for a while, or it was closed. */
  forget(query: LiveQuery): void
  /** For how many milliseconds a query without users goes on. */
  readonly linger: number
}

/** Writes that the server has answered at a position that the query has not reached. */
interface Settled {
  readonly write: Pending
  readonly seq: number
}

/** The rows of one query: what the server told, at a position, and one's own writes that it has not told of yet. */
export class LiveQuery implements KeptFollower {
  /** null = functions serve what is followed. */
  readonly resource: string | null
  readonly request: Frame
  status: LiveStatus = 'loading'
  position: string | null = null
  problem: Problem | null = null
  initial: LiveState<Row, Id> | null = null
  readonly #host: LiveHost
  readonly #rows: Rows
  readonly #overlay: Overlay
  #settled: Settled[] = []
  /** Keys of unanswered writes that the server has told of. */
  readonly #told = new Set<string>()
  #shown: readonly Row[] | null = null
  #before: readonly Row[] = []
  #state: LiveState<Row, Id> | null = null
  readonly #listeners = new Set<(state: LiveState<Row, Id>) => void>()
  #isTelling = false
  #stop: (() => void) | null = null
  #lingering: ReturnType<typeof setTimeout> | undefined
  #arrival = deferred()

  constructor(host: LiveHost, resource: string | null, uri: string, view: View) {
    const sort = (view.params['sort'] ?? []) as string | readonly string[]
    this.#host = host
    this.resource = resource
    // Only requests for rows have parameters.
    const asked = resource !== null && { params: view.params, ...(view.id !== null && { absent: 'wait' }) }
    this.request = { uri, ...asked }
    this.#rows = new Rows([sort].flat())
    this.#overlay = new Overlay(view)
    // Whoever reads `ready` hears of a refusal; if nobody does, it is not an unhandled rejection.
    this.#arrival.promise.catch(() => {})
  }

  /** The same array until something changes. Rows that did not change are the same objects. */
  get rows(): readonly Row[] {
    return (this.#shown ??= this.#overlay.show(this.#rows, [
      ...this.#settled.map(one => one.write),
      ...this.#host.pending(this.resource).filter(write => !this.#told.has(write.key)),
    ]))
  }

  /** A row as the server told it, without one's own writes. */
  told(id: Id): Row | undefined {
    return this.#rows.byId.get(id)
  }

  /** The row of a query for one row. */
  get row(): Row | null {
    return this.rows[0] ?? null
  }

  get changes(): readonly LiveChange<Row, Id>[] {
    return this.state.changes
  }

  /** What it has now. It is the same object until something changes. */
  get state(): LiveState<Row, Id> {
    return (this.#state ??= stateOf(this, this.#before))
  }

  get isWaiting(): boolean {
    return this.#settled.length > 0
  }

  /** What the server has told, as it would tell it to somebody new. undefined = there may be more. */
  toJSON(): Frame | undefined {
    if (this.status !== 'live') return undefined
    const { list } = this.#rows
    return { op: 'snapshot', ids: list.map(idIn), data: list, position: this.position }
  }

  /** Begins with the snapshot of another client, which was drawn already. */
  begin(snapshot: Frame): void {
    this.hear(snapshot)
    this.initial = this.state
  }

  get ready(): Promise<void> {
    const { promise } = this.#arrival
    // Who waits uses it, for instance a component that is suspended and cannot subscribe.
    if (this.status === 'loading') {
      const stop = this.subscribe(() => {})
      promise.then(stop, stop)
    }
    return promise
  }

  readonly subscribe = (listener: (state: LiveState<Row, Id>) => void): (() => void) => {
    // The same function may listen twice.
    const heard = (state: LiveState<Row, Id>): void => listener(state)
    this.#listeners.add(heard)
    this.#open()
    return () => {
      if (this.#listeners.delete(heard)) this.#linger()
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<LiveState<Row, Id>, void> {
    let news = deferred()
    if (this.status !== 'loading') news.resolve()
    const stop = this.subscribe(() => news.resolve())
    let before: readonly Row[] = []
    try {
      for (;;) {
        await news.promise
        news = deferred()
        if (this.problem) throw this.problem
        const state = stateOf(this, before)
        yield state
        if (state.status === 'closed') return
        before = state.rows
      }
    } finally {
      stop()
    }
  }

  /** Ends it for all users. */
  close(): void {
    clearTimeout(this.#lingering)
    this.#stop?.()
    this.#stop = null
    this.#end('closed')
    this.#host.forget(this)
  }

  learn(outline: Outline): void {
    if (outline.sort) this.#rows.learn(outline.sort)
    this.#overlay.learn(outline)
  }

  hear(frame: Frame): void {
    for (const key of (frame['by'] ?? []) as string[]) this.#told.add(key)
    const { op } = frame
    if (op === 'commit') this.#rows.commit(frame)
    else if (op === 'behind' || (op !== 'resumed' && !this.#rows.snapshot(frame))) {
      // Something was left out, or the rest of the snapshot is to come.
      if (this.status !== 'loading') this.status = 'reset'
      return this.changed()
    }
    this.#reach(frame['position'] as string)
    this.status = 'live'
    this.changed()
  }

  advance(position: string): void {
    if (this.status !== 'live' || position === this.position) return
    this.#reach(position)
    this.changed()
  }

  #reach(position: string): void {
    this.position = position
    const seq = seqOf(position)
    this.#settled = this.#settled.filter(one => one.seq > seq)
  }

  /** Begins anew, because the caller is another one. */
  restart(): void {
    this.position = null
  }

  stale(): void {
    this.#rows.interrupt()
    if (this.status === 'loading' || this.status === 'stale') return
    this.status = 'stale'
    this.changed()
  }

  end(problem: Problem): void {
    this.#stop = null
    this.problem = problem
    this.#arrival.reject(problem)
    this.#end('refused')
    // Whoever draws it again soon is told the same; a new query would be refused again, and drawn again, without end.
    this.#linger()
  }

  /**
   * A write is answered. If the answer is sure to come after what it did to this query, nothing of it is left to show.
   * Otherwise it stays until the query has reached its position, or it shows nothing new.
   */
  settle(write: Pending, answered: Pending | null, position: string | undefined, isTold = false): void {
    const wasTold = this.#told.delete(write.key) || (isTold && this.status !== 'reset')
    const seq = position === undefined ? 0 : seqOf(position)
    const isReached = this.position !== null && seqOf(this.position) >= seq
    if (answered && !wasTold && !isReached && !this.#overlay.isTold(this.#rows, answered))
      this.#settled.push({ write: answered, seq })
    this.changed()
  }

  /** Something to show has changed. Listeners are called once for all that changes together. */
  changed(): void {
    this.#shown = null
    this.#state = null
    if (this.#isTelling) return
    this.#isTelling = true
    this.#host.schedule(() => {
      this.#isTelling = false
      const { state } = this
      for (const listener of this.#listeners) listener(state)
      this.#before = state.rows
      if (state.position !== null) this.#arrival.resolve()
    })
  }

  #open(): void {
    clearTimeout(this.#lingering)
    if (this.status !== 'closed' && this.status !== 'refused') this.#stop ??= this.#host.follow(this)
  }

  #linger(): void {
    clearTimeout(this.#lingering)
    if (this.#listeners.size > 0 || !(this.#stop || this.problem)) return
    this.#lingering = setTimeout(() => this.close(), this.#host.linger)
    ;(this.#lingering as { unref?(): void }).unref?.()
  }

  #end(status: 'closed' | 'refused'): void {
    this.status = status
    if (status === 'closed') this.#arrival.reject(local('closed', 'the live query was closed'))
    this.changed()
  }
}

function stateOf({ rows, status, position }: LiveQuery, before: readonly Row[]): LiveState<Row, Id> {
  let changes: readonly LiveChange<Row, Id>[] | undefined
  return {
    rows,
    status,
    position,
    get changes() {
      return (changes ??= changesBetween(before, rows))
    },
  }
}

/** The number in a position: it grows, also from one term of the log to the next. */
const seqOf = (position: string): number => Number(position.slice(position.lastIndexOf('.') + 1))
