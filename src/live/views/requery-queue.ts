import type { Snapshot } from '../../store/store.ts'
import type { Work } from '../../store/work.ts'
import type { Batch } from '../event.ts'
import type { Requery } from './requery.ts'

/** How many milliseconds of a turn may be spent on running queries again, however many are due. */
const TURN = 5

/** How many milliseconds each caller's queries may cost in a round. */
const QUANTUM = 1

/** A query that takes at least this many milliseconds runs for at most one twentieth of the time. */
const SLOW = 50
const SHARE = 20

/** A caller's due queries, and the credit in milliseconds that the caller has collected (deficit round-robin). */
interface Caller {
  readonly due: Set<Requery>
  credit: number
}

/** The queries that are due to run again. Each runs once, callers take turns, and a turn only runs so many. */
export class RequeryQueue {
  readonly #callers = new Map<unknown, Caller>()
  readonly #now: () => number

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  get isEmpty(): boolean {
    return this.#callers.size === 0
  }

  add(query: Requery): void {
    const key = callerOf(query)
    let caller = this.#callers.get(key)
    if (!caller) this.#callers.set(key, (caller = { due: new Set(), credit: 0 }))
    caller.due.add(query)
  }

  delete(query: Requery): void {
    const key = callerOf(query)
    const caller = this.#callers.get(key)
    if (caller?.due.delete(query) && caller.due.size === 0) this.#callers.delete(key)
  }

  clear(): void {
    this.#callers.clear()
  }

  /**
   * Runs the queries that fit into the turn; the others remain due for a later snapshot. Returns the milliseconds after which
   * another one may run; null = none is left.
   */
  *run(snapshot: Snapshot, tell: (query: Requery, batch: Batch | null, error?: unknown) => void): Work<number | null> {
    const end = this.#now() + TURN
    let isFirst = true
    for (;;) {
      const ready = this.#ready()
      if (ready === null) return this.isEmpty ? null : this.#pause()
      if (!isFirst && this.#now() >= end) return 0
      isFirst = false
      this.delete(ready)
      try {
        tell(ready, yield* ready.ask(snapshot))
      } catch (error) {
        tell(ready, null, error)
      }
    }
  }

  /**
   * The next query for which its caller has enough credit. A caller whose turn it is gets credit and goes to the end of the
   * line.
   */
  #ready(): Requery | null {
    const now = this.#now()
    for (;;) {
      let rounds = Infinity
      for (const [key, caller] of Array.from(this.#callers)) {
        const query = firstRested(caller.due, now)
        if (!query) continue
        this.#callers.delete(key)
        this.#callers.set(key, caller)
        caller.credit += QUANTUM
        if (caller.credit >= query.cost) {
          caller.credit -= query.cost
          return query
        }
        rounds = Math.min(rounds, Math.ceil((query.cost - caller.credit) / QUANTUM))
      }
      if (rounds === Infinity) return null
      // Skips the rounds in which nobody would have enough credit.
      for (const caller of this.#callers.values()) caller.credit += (rounds - 1) * QUANTUM
    }
  }

  /** Milliseconds until the first slow query has rested long enough. */
  #pause(): number {
    const now = this.#now()
    let least = Infinity
    for (const { due } of this.#callers.values())
      for (const query of due) least = Math.min(least, query.asked + SHARE * query.cost - now)
    return Math.max(0, least)
  }
}

/** The first due query that is cheap, or that has rested long enough. */
function firstRested(due: ReadonlySet<Requery>, now: number): Requery | null {
  for (const query of due) if (query.cost < SLOW || now - query.asked >= SHARE * query.cost) return query
  return null
}

const callerOf = ({ group }: Requery): unknown => group.interest.permissions.me?.id ?? null
