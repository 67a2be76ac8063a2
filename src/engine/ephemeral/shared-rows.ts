import { ID, type Id, type Model, type Resource } from '../../model/model.ts'
import { everything } from '../../query/predicate.ts'
import { isEphemeral } from '../../store/ephemeral/sides.ts'
import type { Change, Store } from '../../store/store.ts'
import { wait } from '../../store/work.ts'

/** Commits that are read from the log at a time. */
const STEP = 1_000

/** Who hears of ephemeral rows. */
interface Listener {
  /** Called with what was committed. */
  heard(changes: readonly Change[]): void
  /** Called with rows that are there, after a time of which nobody knows what was committed. */
  found(resource: Resource, ids: readonly Id[]): void
}

/** A store that keeps ephemeral rows like all others, since several nodes use it. The listener hears what all of them commit. */
export function sharedRows(store: Store, model: Model, listener: Listener, onFault: (error: unknown) => void): Store {
  const follower = new Follower(store, [...model.resources.values()].filter(isEphemeral), listener, onFault)
  const open: Store['open'] = async (...opening) => {
    await store.open(...opening)
    await follower.start()
  }
  const close: Store['close'] = () => {
    follower.stop()
    return store.close()
  }
  return new Proxy(store, {
    get(target, name) {
      if (name === 'open') return open
      if (name === 'close') return close
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}

/** Follows the log for changes of ephemeral rows. */
class Follower {
  readonly #store: Store
  readonly #resources: readonly Resource[]
  readonly #listener: Listener
  readonly #onFault: (error: unknown) => void
  #position = -1
  #history = -1
  #stop: (() => void) | null = null
  #isReading = false
  #hasMore = false

  constructor(store: Store, resources: readonly Resource[], listener: Listener, onFault: (error: unknown) => void) {
    this.#store = store
    this.#resources = resources
    this.#listener = listener
    this.#onFault = onFault
  }

  async start(): Promise<void> {
    await this.#lookAtAll()
    this.#stop = this.#store.onCommit(() => void this.#wake())
  }

  stop(): void {
    this.#stop?.()
  }

  async #wake(): Promise<void> {
    this.#hasMore = true
    if (this.#isReading) return
    this.#isReading = true
    try {
      while (this.#hasMore) {
        this.#hasMore = false
        await this.#read()
      }
    } catch (error) {
      this.#onFault(error)
    } finally {
      this.#isReading = false
    }
  }

  async #read(): Promise<void> {
    for (;;) {
      const commits = this.#store.commits(this.#position, STEP)
      // What is in memory is told at once, before whoever wrote it is answered.
      const next = commits instanceof Promise ? await commits : commits
      if (next === null || this.#history !== this.#store.terms.history) return this.#lookAtAll()
      if (next.length === 0) return
      for (const { changes, position } of next) {
        const own = changes.filter(({ resource }) => isEphemeral(resource))
        if (own.length > 0) this.#listener.heard(own)
        this.#position = position
      }
    }
  }

  async #lookAtAll(): Promise<void> {
    const { history } = this.#store.terms
    const resources = this.#resources
    const all = { where: everything, sort: [], limit: null, offset: 0, cursor: null, idsOnly: true }
    const { position, found } = await this.#store.read(function* (snapshot) {
      const found: [Resource, Id[]][] = []
      for (const resource of resources) {
        const rows = yield* wait(snapshot.select(resource, all))
        found.push([resource, rows.map(row => row[ID] as Id)])
      }
      return { position: snapshot.position, found }
    })
    this.#position = position
    this.#history = history
    for (const [resource, ids] of found) this.#listener.found(resource, ids)
  }
}
