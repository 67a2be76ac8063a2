import type { Commit, Snapshot, Store } from '../store/store.ts'
import { wait, type Work } from '../store/work.ts'
import type { Hub } from './hub.ts'

/** Changes that one look at the log takes, and the most that are told one by one; beyond it a new snapshot is cheaper. */
const STEP = 1_000
const MOST = 100_000

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
  }

  /** Work at a position up to which everything has been dispatched: whoever joins in it misses nothing and gets nothing twice. */
  at<T>(work: (snapshot: Snapshot) => Work<T>): Promise<T> {
    const step = this.#running.then(() => this.#store.read(snapshot => this.#step(snapshot, work)))
    this.#running = step.catch(() => undefined)
    return step
  }

  /** Dispatches what has been committed up to now. */
  advance(): Promise<void> {
    return this.at(nothing)
  }

  #wake(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      if (this.#stop) this.advance().catch(this.#onFault)
    })
  }

  *#step<T>(snapshot: Snapshot, work: (snapshot: Snapshot) => Work<T>): Work<T> {
    yield* this.#advance(snapshot)
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
    try {
      if (commits) yield* this.#hub.dispatch(snapshot, commits, passing)
      else this.#hub.resetAll()
    } catch (error) {
      this.#onFault(error)
      this.#hub.resetAll()
    }
    yield* this.#around.after(snapshot)
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

// oxlint-disable-next-line require-yield -- work that needs nothing
function* nothing(): Work<void> {}
