import type { Commit, Snapshot, Store } from '../store/store.ts'
import { chain, wait, type Maybe, type Work } from '../store/work.ts'
import { ChangesSince } from '../engine/past/changes-since.ts'
import { PastSnapshot } from '../engine/past/past-snapshot.ts'
import type { Hub } from './views/hub.ts'
import type { SlicedWork } from './incremental/step/time-slice.ts'

/** Changes that one look at the log takes, and the most that are told one by one; beyond it a new snapshot is cheaper. */
const STEP = 1_000
const MOST = 100_000

/** What a step of the feed comes to: not yet done, where telling took a turn of its own. */
const AGAIN = Symbol('again')

/** Milliseconds that an answer waits for queries that are asked again. */
const PATIENCE = 1_000

/** What happens around the telling of commits. */
export interface Around {
  /** Before; null = the log cannot tell what happened. */
  before(commits: readonly Commit[] | null): void
  /** After, at the position that was told of. */
  after(snapshot: Snapshot): Work<void>
}

/** Follows the change log, once per process: what it has dispatched is always a whole number of commits, in order. */
export class Feed {
  readonly #store: Store
  readonly #hub: Hub
  readonly #around: Around
  readonly #onFault: (error: unknown) => void
  #position = -1
  /** The same of ephemeral rows. */
  #fleeting = 0
  #epoch = ''
  #stop: (() => void) | null = null
  #scheduled = false
  /** The last step; steps never overlap. */
  #running: Promise<unknown> = Promise.resolve()
  /** Telling that goes on in the next turn. */
  #paused: SlicedWork | null = null
  /** Asks queries again that did not fit into a turn. */
  #timer: NodeJS.Timeout | null = null
  /** Those who wait until all queries were asked again. */
  #waiting: (() => void)[] = []

  constructor(store: Store, hub: Hub, around: Around, onFault: (error: unknown) => void) {
    this.#store = store
    this.#hub = hub
    this.#around = around
    this.#onFault = onFault
  }

  /** seq that has been dispatched. */
  get position(): number {
    return this.#position
  }

  start(): void {
    this.#stop ??= this.#store.onCommit(() => this.#wake())
  }

  /** Follows no longer: what happens until the next start is not told. */
  stop(): void {
    this.#stop?.()
    this.#stop = null
    this.#position = -1
    this.#paused = null
    this.#ask(null)
  }

  /** Work at a position up to which everything has been dispatched: whoever joins in it misses nothing and gets nothing twice. */
  at<T>(work: (snapshot: Snapshot) => Work<T>): Promise<T> {
    const step = this.#running.then(() => this.#attempt(work))
    this.#running = step.catch(() => undefined)
    return step
  }

  /** Dispatches what has been committed up to now. */
  advance(): Promise<void> {
    return this.at(nothing)
  }

  /** The same, and waits until the queries that it made due have been asked again, for a second at most. */
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
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      if (this.#stop) this.advance().catch(this.#onFault)
    })
  }

  *#step<T>(snapshot: Snapshot, work: (snapshot: Snapshot) => Work<T>): Work<T | typeof AGAIN> {
    if (this.#paused) yield* this.#tellOn(snapshot, this.#paused)
    if (!this.#paused) yield* this.#advance(snapshot)
    if (this.#paused) return AGAIN
    this.#ask(yield* this.#hub.requery(snapshot))
    return yield* work(snapshot)
  }

  *#advance(snapshot: Snapshot): Work<void> {
    const { epoch } = this.#store
    const { fleeting = 0 } = snapshot
    if (this.#position < 0 || this.#epoch !== epoch) {
      const begun = this.#position >= 0
      this.#epoch = epoch
      this.#position = snapshot.position
      this.#fleeting = fleeting
      if (begun) yield* this.#tell(snapshot, null)
      return
    }
    if (this.#position >= snapshot.position && this.#fleeting >= fleeting) return
    const commits = yield* this.#behind(snapshot)
    const passing = this.#passing(snapshot)
    // Whatever happens below, nothing is dispatched twice: those who miss something are reset.
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

  /** The next slice of telling; it sees the state that it tells of, whatever was committed since. */
  *#tellOn(snapshot: Snapshot, telling: SlicedWork): Work<void> {
    this.#paused = null
    try {
      const state = telling.isBegun ? yield* this.#stateOf(snapshot) : snapshot
      if (state && !(yield* telling.next(state))) {
        this.#paused = telling
        return
      }
      if (!state) this.#hub.resetAll()
    } catch (error) {
      this.#onFault(error)
      this.#hub.resetAll()
    }
    // Who somebody is by now is told at the position that is told of: at a later one, with the commits up to there.
    if (snapshot.position === this.#position) yield* this.#around.after(snapshot)
  }

  /** The state at the position that is being told of; null if the log no longer tells it. */
  *#stateOf(snapshot: Snapshot): Work<Snapshot | null> {
    if (snapshot.position === this.#position) return snapshot
    const commits = yield* this.#behind(snapshot)
    if (!commits) return null
    const since = new ChangesSince()
    for (const { changes } of commits) for (const change of changes) since.add(change)
    return new PastSnapshot(snapshot, this.#position, since.differences())
  }

  /** Asks queries again after some milliseconds; null = none are due. */
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

  /** What ephemeral rows did up to the snapshot, at whose position it is told; null = more than is kept. */
  #passing({ fleeting = 0, position }: Snapshot): readonly Commit[] | null {
    if (fleeting <= this.#fleeting) return none
    const commits = this.#store.fleeting?.(this.#fleeting) ?? null
    return commits && commits.filter(one => one.position <= fleeting).map(one => ({ ...one, position }))
  }

  /**
   * All commits up to the snapshot, in one piece: what is shown of rows beside the changed ones is read from the
   * snapshot, so it would be wrong at any position before it. Null if the log cannot tell, or would tell too much.
   */
  *#behind(snapshot: Snapshot): Work<Commit[] | null> {
    const commits: Commit[] = []
    let changes = 0
    for (let at = this.#position; at < snapshot.position;) {
      const next = yield* wait(this.#store.commits(at, STEP))
      if (!next || next.length === 0) return null
      for (const commit of next) {
        if (commit.position > snapshot.position) return commits
        commits.push(commit)
        changes += commit.changes.length
        at = commit.position
      }
      if (changes > MOST) return null
    }
    return commits
  }
}

const none: readonly Commit[] = []

const nextTurn = (): Promise<void> => new Promise(resolve => void setImmediate(resolve))

// oxlint-disable-next-line require-yield -- work that needs nothing
function* nothing(): Work<void> {}
