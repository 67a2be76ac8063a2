import type { Id, Resource, Row } from '../../model/model.ts'
import type { Commit, Snapshot, Store } from '../../store/store.ts'
import type { Work } from '../../store/work.ts'
import type { Sessions } from './session.ts'

/** Called when something about a user changed: the row, the password, or a session. */
export type ChangeListener = () => void

/**
 * Reports users whose row or sessions changed. It reads the log, so it also sees what other processes do. As long as nobody
 * listens, it reads nothing.
 */
export class Watches {
  readonly #store: Store
  readonly #users: Resource
  readonly #sessions: Sessions
  readonly #listeners = new Map<Id, Set<ChangeListener>>()
  #stop: (() => void) | null = null
  #position = 0
  #isReading = false
  #isBehind = false

  constructor(store: Store, users: Resource, sessions: Sessions) {
    this.#store = store
    this.#users = users
    this.#sessions = sessions
  }

  on(user: Id, listener: ChangeListener): () => void {
    if (!this.#stop) this.#begin()
    let listeners = this.#listeners.get(user)
    if (!listeners) this.#listeners.set(user, (listeners = new Set()))
    // A new function, so that the same listener may be added twice.
    const own = (): void => listener()
    listeners.add(own)
    return () => {
      listeners.delete(own)
      if (listeners.size === 0 && this.#listeners.get(user) === listeners) this.#listeners.delete(user)
      if (this.#listeners.size === 0) this.close()
    }
  }

  /** Whether commits changed stored fields of a user. */
  changed(commits: readonly Commit[], user: Id): boolean {
    return commits.some(({ changes }) =>
      changes.some(({ resource, id, changed }) => resource === this.#users && id === user && changed.length > 0),
    )
  }

  close(): void {
    this.#stop?.()
    this.#stop = null
    this.#listeners.clear()
  }

  #begin(): void {
    this.#stop = this.#store.onCommit(() => void this.#read())
    const at = this.#store.read(positionOf, { row: null })
    // While the position is unknown, all listeners are called for each commit.
    this.#position = at instanceof Promise ? -1 : at
    if (at instanceof Promise)
      at.then(
        position => (this.#position = Math.max(this.#position, position)),
        () => undefined,
      )
  }

  async #read(): Promise<void> {
    this.#isBehind = true
    if (this.#isReading) return
    this.#isReading = true
    try {
      while (this.#isBehind && this.#stop) {
        this.#isBehind = false
        await this.#readOnce()
      }
    } catch {
      // The log cannot be read now, so all listeners must look for themselves.
      this.#tellAll()
    } finally {
      this.#isReading = false
    }
  }

  async #readOnce(): Promise<void> {
    for (;;) {
      const commits = this.#position < 0 ? null : await this.#store.commits(this.#position, 1000)
      if (commits === null) {
        this.#position = await this.#store.read(positionOf, { row: null })
        this.#tellAll()
        return
      }
      if (commits.length === 0) return
      this.#position = commits.at(-1)!.position
      for (const user of this.usersIn(commits).keys()) this.#tell(user)
    }
  }

  /** The users whose row or sessions were changed by commits, and how often. */
  usersIn(commits: readonly Commit[]): Map<Id, number> {
    const found = new Map<Id, number>()
    const add = (user: Id): unknown => found.set(user, (found.get(user) ?? 0) + 1)
    for (const { changes } of commits) {
      for (const { resource, id, before, after } of changes) {
        if (resource === this.#users) add(id)
        else if (resource === this.#sessions.resource) add(this.#sessions.userOf((after ?? before) as Row))
      }
    }
    return found
  }

  #tell(user: Id): void {
    for (const listener of this.#listeners.get(user) ?? []) listener()
  }

  #tellAll(): void {
    for (const user of this.#listeners.keys()) this.#tell(user)
  }
}

// oxlint-disable-next-line require-yield -- a store runs work, and this has nothing to wait for
function* positionOf(snapshot: Snapshot): Work<number> {
  return snapshot.position
}
