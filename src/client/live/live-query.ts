import type { Frame, Id } from '../call.ts'
import { deferred } from '../deferred.ts'
import { listen } from '../listen.ts'
import type { KeptFollower } from '../offline/layer.ts'
import { closed } from '../problem.ts'
import type { LiveChange, LiveRow, LiveState } from '../types/live.ts'
import { changesBetween } from './changes.ts'
import { overlayOf, type Pending, type View } from './overlay.ts'
import { idIn, type Row } from './order.ts'
import { rowsOf } from './rows.ts'
import type { Tellings } from './tellings.ts'

/** What a live query needs of its client. */
export interface LiveHost {
  /** Begins a subscription. Returns the function that ends it. */
  follow(follower: KeptFollower): () => void
  /** The unanswered writes to a resource, in their order. */
  pending(resource: string | null): readonly Pending[]
  readonly tellings: Tellings
  /** Called when nobody has used the query for a while, or it was closed. */
  forget(query: LiveQuery): void
  /** For how many milliseconds a query without users goes on. */
  readonly linger: number
}

type State = LiveState<Row, Id>
type Listener = (state: State) => void

/** The rows of one query: what the server told, at a position, and one's own writes that it has not told of yet. */
export interface LiveQuery extends KeptFollower, LiveRow<Row, Id> {
  /** null = functions serve what is followed. */
  readonly resource: string | null
  /** A row as the server told it, without one's own writes. */
  told(id: Id): Row | undefined
  /** Begins with the snapshot of another client, which was drawn already. */
  begin(snapshot: Frame): void
  /**
   * A write is answered. If the answer is sure to come after what it did to this query, nothing of it is left to show.
   * Otherwise it stays until the query has reached its position, or it shows nothing new.
   */
  settle(write: Pending, answered: Pending | null, position: string | undefined, isTold?: boolean): void
  /** One's own writes have changed. */
  changed(): void
  tell(): void
}

export function liveQuery(host: LiveHost, resource: string | null, uri: string, view: View): LiveQuery {
  const { id, params } = view
  const sort = [(params['sort'] ?? []) as string | readonly string[]].flat()
  let rows = rowsOf(sort)
  const overlay = overlayOf(view)
  /** Writes that the server has answered at a position that the query has not reached. */
  let settled: { readonly write: Pending; readonly seq: number }[] = []
  /** Keys of unanswered writes that the server has told of. */
  const told = new Set<string>()
  let shown: readonly Row[] | null = null
  let state: State | null = null
  /** The rows that were told last. */
  let before: readonly Row[] = []
  const listeners = new Set<Listener>()
  let stop: (() => void) | null = null
  let lingering: ReturnType<typeof setTimeout> | undefined
  let arrival = deferred()
  // Whoever reads `ready` hears of a refusal; if nobody does, it is not an unhandled rejection.
  arrival.promise.catch(() => {})

  const query: { -readonly [X in keyof LiveQuery]: LiveQuery[X] } = {
    resource,
    // Only requests for rows have parameters.
    request: { uri, ...(resource !== null && { params, ...(id !== null && { absent: 'wait' }) }) },
    status: 'loading',
    position: null,
    problem: null,
    initial: null,
    get rows() {
      return (shown ??= overlay.show(rows, ownWrites()))
    },
    get row() {
      return query.rows[0] ?? null
    },
    get changes() {
      return query.state.changes
    },
    get state() {
      return (state ??= stateOf(query, before))
    },
    get isWaiting() {
      return settled.length > 0
    },
    get ready() {
      const { promise } = arrival
      // Who waits uses it, for instance a component that is suspended and cannot subscribe.
      if (query.status === 'loading') {
        const end = subscribe(() => {})
        promise.then(end, end)
      }
      return promise
    },
    subscribe,
    async *[Symbol.asyncIterator]() {
      let news = deferred()
      if (query.status !== 'loading') news.resolve()
      const end = subscribe(() => news.resolve())
      let former: readonly Row[] = []
      try {
        for (;;) {
          await news.promise
          news = deferred()
          if (query.problem) throw query.problem
          const now = stateOf(query, former)
          yield now
          if (now.status === 'closed') return
          former = now.rows
        }
      } finally {
        end()
      }
    },
    close() {
      clearTimeout(lingering)
      stop?.()
      end('closed')
      host.forget(query)
    },
    /** What the server has told, as it would tell it to somebody new. undefined = there may be more. */
    toJSON() {
      const { list } = rows
      return query.status === 'live'
        ? { op: 'snapshot', ids: list.map(idIn), data: list, position: query.position }
        : undefined
    },
    told: one => rows.byId.get(one),
    begin(snapshot) {
      query.hear(snapshot)
      query.initial = query.state
    },
    learn(learned) {
      if (learned.sort) rows.learn(learned.sort)
      overlay.learn(learned)
    },
    hear(frame) {
      const { op, by = [], position } = frame
      for (const key of by as string[]) told.add(key)
      if (op === 'commit') rows.commit(frame)
      else if (op === 'behind' || (op !== 'resumed' && !rows.snapshot(frame))) {
        // Something was left out, or the rest of the snapshot is to come.
        if (query.status !== 'loading') query.status = 'reset'
        return changed()
      }
      reach(position as string, op === 'commit' && query.status === 'live')
    },
    advance(position) {
      if (query.status === 'live' && position !== query.position) reach(position, true)
    },
    restart(isOther) {
      query.position = null
      if (!isOther) return
      rows = rowsOf(sort)
      settled = []
      told.clear()
      query.initial = null
      if (!isOver()) {
        const former = arrival
        arrival = deferred()
        arrival.promise.then(former.resolve, former.reject)
        query.status = 'loading'
        if (stop) {
          stop()
          stop = host.follow(query)
        }
      }
      changed()
    },
    stale() {
      rows.interrupt()
      if (query.status === 'loading' || query.status === 'stale') return
      query.status = 'stale'
      changed()
    },
    end(problem) {
      query.problem = problem
      arrival.reject(problem)
      end('refused')
      // Whoever draws it again soon is told the same; a new query would be refused again, and drawn again, without end.
      linger()
    },
    settle(write, answered, position, isTold = false) {
      const wasTold = told.delete(write.key) || (isTold && query.status !== 'reset')
      const seq = seqOf(position ?? '0')
      const isReached = query.position !== null && seqOf(query.position) >= seq
      if (answered && !wasTold && !isReached && !overlay.isTold(rows, answered)) settled.push({ write: answered, seq })
      changed()
    },
    changed,
    tell() {
      const now = query.state
      for (const listener of listeners) listener(now)
      before = now.rows
      if (now.position !== null) arrival.resolve()
    },
  }
  return query

  /** The writes that the server has not told of. */
  function ownWrites(): Pending[] {
    return [...settled.map(one => one.write), ...host.pending(resource).filter(write => !told.has(write.key))]
  }

  function isOver(): boolean {
    return query.status === 'closed' || query.status === 'refused'
  }

  /** Something to show has changed. */
  function changed(isByOthers = false): void {
    shown = null
    state = null
    host.tellings[isByOthers ? 'later' : 'soon'](query)
  }

  /** Everything up to a position was told. */
  function reach(position: string, isByOthers: boolean): void {
    const seq = seqOf(position)
    if (settled.length > 0) settled = settled.filter(one => one.seq > seq)
    query.position = position
    query.status = 'live'
    changed(isByOthers)
  }

  function subscribe(listener: Listener): () => void {
    const end = listen(listeners, listener)
    clearTimeout(lingering)
    if (!isOver()) stop ??= host.follow(query)
    return () => {
      if (end()) linger()
    }
  }

  function linger(): void {
    clearTimeout(lingering)
    if (listeners.size > 0 || !(stop || query.problem)) return
    lingering = setTimeout(() => query.close(), host.linger)
    ;(lingering as { unref?(): void }).unref?.()
  }

  function end(status: 'closed' | 'refused'): void {
    stop = null
    query.status = status
    if (status === 'closed') arrival.reject(closed())
    changed()
  }
}

function stateOf({ rows, status, position }: LiveQuery, before: readonly Row[]): State {
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
