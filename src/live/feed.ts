import type { Snapshot, Store } from '../store/store.ts'
import { wait, type Work } from '../store/work.ts'
import type { Hub } from './hub.ts'

/** Changes that one step takes from the log. */
const STEP = 1_000

/** Follows the change log, once per process: what it has dispatched is always a whole number of commits, in order. */
export class Feed {
  readonly #store: Store
  readonly #hub: Hub
  readonly #onFault: (error: unknown) => void
  #position = -1
  #epoch = ''
  #stop: (() => void) | null = null
  #scheduled = false
  /** The last step of an asynchronous store; steps never overlap. */
  #running: Promise<unknown> = Promise.resolve()

  constructor(store: Store, hub: Hub, onFault: (error: unknown) => void) {
    this.#store = store
    this.#hub = hub
    this.#onFault = onFault
  }

  /** seq that has been dispatched. */
  get position(): number {
    return this.#position
  }

  start(): void {
    this.#stop ??= this.#store.onCommit(() => this.#wake())
  }

  stop(): void {
    this.#stop?.()
    this.#stop = null
  }

  /** Work at a position that everything up to which has been dispatched: whoever joins in it misses nothing and gets nothing twice. */
  async at<T>(work: (snapshot: Snapshot) => Work<T>): Promise<T> {
    const self = this
    const step = this.#running.then(() =>
      this.#store.read(function* (snapshot) {
        yield* self.#advance(snapshot)
        return yield* work(snapshot)
      }),
    )
    this.#running = step.catch(() => undefined)
    return await step
  }

  /** Dispatches what has been committed up to now. */
  async advance(): Promise<void> {
    await this.at(function* () {})
  }

  #wake(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      if (this.#stop) this.advance().catch(this.#onFault)
    })
  }

  *#advance(snapshot: Snapshot): Work<void> {
    if (this.#position < 0 || this.#epoch !== this.#store.epoch) {
      if (this.#position >= 0) this.#hub.resetAll()
      this.#epoch = this.#store.epoch
      this.#position = snapshot.position
      return
    }
    while (this.#position < snapshot.position) {
      const commits = yield* wait(this.#store.commits(this.#position, STEP))
      const visible = commits?.filter(commit => commit.position <= snapshot.position)
      if (!visible || visible.length === 0) {
        this.#position = snapshot.position
        if (!visible) this.#hub.resetAll()
        return
      }
      this.#position = visible[visible.length - 1]!.position
      yield* this.#hub.dispatch(snapshot, visible)
    }
  }
}
