import type { Commit, Snapshot, Store } from '../store/store.ts'
import { nextTurn } from '../engine/slices.ts'
import { chain, noWork, wait, type Maybe, type Work } from '../store/work.ts'
import { MOST_BYTES } from './resume/commits-since.ts'
import type { Hub } from './views/hub.ts'
import { FormerSnapshot } from './incremental/step/former-snapshot.ts'
import type { SlicedWork } from './incremental/step/time-slice.ts'

/** Changes that are read from the log at a time. */
const STEP = 1_000
/** The most changes that are sent one by one. With more, a new snapshot is cheaper. */
const MOST = 100_000

/** The result of a step that was paused because the turn had taken long enough. It continues in a later turn. */
const AGAIN = Symbol('again')

/** Milliseconds that an answer waits for queries that run again. */
const PATIENCE = 1_000

/** Called before and after commits are sent to subscriptions. */
export interface CommitInterceptor {
  /** Before commits are sent. null = the log cannot tell what happened. */
  before(commits: readonly Commit[] | null): void
  /** After commits were sent, at the position that they led to. */
  after(snapshot: Snapshot): Work<void>
}

/** Follows the change log, once per process. It always sends whole commits, in the order of the log. */
export class Feed {
  readonly #store: Store
  readonly #hub: Hub
  readonly #around: CommitInterceptor
  readonly #onFault: (error: unknown) => void
  #position = -1
  /** The position of ephemeral rows, which are not in the log and count separately. */
  #fleeting = 0
  /** `terms.history` at the last step: if it has changed, earlier positions have lost their meaning. */
  #history = 0
  #stop: (() => void) | null = null
  #scheduled = false
  /** The last step. Each step waits for the one before, so they never overlap. */
  #running: Promise<unknown> = Promise.resolve()
  /** A step that was paused and continues in the next turn. */
  #paused: SlicedWork | null = null
  /** Fires when queries that did not fit into the last turn may run again. */
  #timer: NodeJS.Timeout | null = null
  /** Calls that wait until all queries have run again. */
  #waiting: (() => void)[] = []

  constructor(store: Store, hub: Hub, around: CommitInterceptor, onFault: (error: unknown) => void) {
    this.#store = store
    this.#hub = hub
    this.#around = around
    this.#onFault = onFault
  }

  /** The seq up to which everything was sent. */
  get position(): number {
    return this.#position
  }

  start(): void {
    this.#stop ??= this.#store.onCommit(() => this.#wake())
  }

  /** Stops following the log. What happens until the next start is not sent. */
  stop(): void {
    this.#stop?.()
    this.#stop = null
    this.#position = -1
    this.#paused = null
    this.#ask(null)
  }

  /**
   * Does work at a position up to which everything was sent. A subscription that starts inside it misses nothing and receives
   * nothing twice.
   */
  at<T>(work: (snapshot: Snapshot) => Work<T>): Promise<T> {
    const step = this.#running.then(() => this.#attempt(work))
    this.#running = step.catch(() => undefined)
    return step
  }

  /** Sends everything that has been committed so far. */
  advance(): Promise<void> {
    return this.at(() => noWork)
  }

  /** The same, and then waits until the queries that are due have run again, at most one second. */
  async settle(): Promise<void> {
    await this.advance()
    if (!this.#hub.isBehind) return
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, PATIENCE)
      timer.unref()
      this.#waiting.push(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }

  #attempt<T>(work: (snapshot: Snapshot) => Work<T>): Maybe<T> {
    const take = (result: T | typeof AGAIN): Maybe<T> =>
      result === AGAIN ? nextTurn().then(() => this.#attempt(work)) : result
    return chain(
      this.#store.read(snapshot => this.#step(snapshot, work)),
      take,
    ) as Maybe<T>
  }

  #wake(): void {
    if (this.#scheduled) return
    // Once per turn: commits of the same turn are sent together.
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      if (this.#stop) this.advance().catch(this.#onFault)
    })
  }

  /** One step: continues a paused step or sends new commits, runs queries again, then does the caller's work. */
  *#step<T>(snapshot: Snapshot, work: (snapshot: Snapshot) => Work<T>): Work<T | typeof AGAIN> {
    // A step of positions that lost their meaning is not continued: all subscriptions begin anew.
    if (this.#history !== this.#store.terms.history) this.#paused = null
    if (this.#paused) yield* this.#tellOn(snapshot, this.#paused)
    if (!this.#paused) yield* this.#advance(snapshot)
    if (this.#paused) return AGAIN
    this.#ask(yield* this.#hub.requery(snapshot))
    return yield* work(snapshot)
  }

  *#advance(snapshot: Snapshot): Work<void> {
    const { history } = this.#store.terms
    const { fleeting = 0 } = snapshot
    if (this.#position < 0 || this.#history !== history) {
      const begun = this.#position >= 0
      // Positions lost their meaning, for instance after a restore. All subscriptions begin anew.
      this.#history = history
      this.#position = snapshot.position
      this.#fleeting = fleeting
      this.#hub.startAt()
      if (begun) yield* this.#tell(snapshot, null)
      return
    }
    if (this.#position >= snapshot.position && this.#fleeting >= fleeting) return
    const commits = yield* this.#behind(snapshot)
    const passing = this.#passing(snapshot)
    // Set first: if anything below throws, nothing is sent twice. Whoever misses something is reset.
    this.#position = snapshot.position
    this.#fleeting = fleeting
    yield* this.#tell(snapshot, passing && commits, passing ?? none)
  }

  *#tell(snapshot: Snapshot, commits: readonly Commit[] | null, passing = none): Work<void> {
    this.#around.before(commits)
    if (commits) return yield* this.#tellOn(snapshot, this.#hub.dispatch(snapshot, commits, passing))
    this.#hub.resetAll()
    yield* this.#around.after(snapshot)
  }

  /** Continues to send a step. It sees the state of the step, whatever has been committed since. */
  *#tellOn(snapshot: Snapshot, telling: SlicedWork): Work<void> {
    this.#paused = null
    try {
      const state = telling.isBegun ? yield* this.#stateOf(snapshot) : snapshot
      if (state && !(yield* telling.next(state))) {
        // Nobody is left to tell if it was stopped meanwhile.
        if (this.#position >= 0) this.#paused = telling
        return
      }
      if (!state) this.#hub.resetAll()
    } catch (error) {
      this.#onFault(error)
      this.#hub.resetAll()
    }
    // Callers are checked at the position that was sent. If more was committed since, that is done together with those commits.
    if (snapshot.position === this.#position) yield* this.#around.after(snapshot)
  }

  /** The state at the position that is being sent; null if the log no longer reaches back to it. */
  *#stateOf(snapshot: Snapshot): Work<Snapshot | null> {
    if (snapshot.position === this.#position) return snapshot
    const commits = yield* this.#behind(snapshot)
    if (!commits) return null
    return new FormerSnapshot(snapshot, this.#position, commits)
  }

  /** Schedules the next run of queries, in milliseconds; null = none is due. */
  #ask(delay: number | null): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
    if (delay === null) {
      const waiting = this.#waiting
      this.#waiting = []
      for (const go of waiting) go()
      return
    }
    this.#timer = setTimeout(() => {
      if (this.#stop) this.advance().catch(this.#onFault)
    }, delay)
    this.#timer.unref()
  }

  /**
   * What ephemeral rows did up to the snapshot, as commits at the snapshot's position; null if more happened than is
   * remembered.
   */
  #passing({ fleeting = 0, position }: Snapshot): readonly Commit[] | null {
    if (fleeting <= this.#fleeting) return none
    const commits = this.#store.fleeting?.(this.#fleeting) ?? null
    return commits && commits.filter(one => one.position <= fleeting).map(one => ({ ...one, position }))
  }

  /**
   * All commits up to the snapshot. They are sent in one piece, because related rows are read from the snapshot and would be
   * wrong at any position before it. null if the log cannot tell, or if there are too many changes.
   */
  *#behind(snapshot: Snapshot): Work<Commit[] | null> {
    const commits: Commit[] = []
    let changes = 0
    let bytes = 0
    for (let at = this.#position; at < snapshot.position;) {
      const next = yield* wait(this.#store.commits(at, STEP))
      if (!next || next.length === 0) return null
      for (const commit of next) {
        if (commit.position > snapshot.position) return commits
        commits.push(commit)
        changes += commit.changes.length
        bytes += commit.bytes ?? 0
        at = commit.position
      }
      if (changes > MOST || bytes > MOST_BYTES) return null
    }
    return commits
  }
}

const none: readonly Commit[] = []
