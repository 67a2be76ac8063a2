import { getOrThrow } from '../../protocol/get-or-throw.ts'
import { t } from '../../schema/builder.ts'
import type { AnyResource } from '../../model/declare/declaration.ts'
import type { CommittedEvent, OnCommitDef } from '../../model/declare/hook.ts'
import { AT, FIRST, ID, SEQ, type Model, type Resource, type Row } from '../../model/model.ts'
import type { Database } from '../../model/rules/operations.ts'
import { resource } from '../../model/declare/resource.ts'
import { readRow } from '../../engine/read/row-for-functions.ts'
import type { Lease, Leases } from '../../store/shared/leases.ts'
import type { Commit, Store, Transaction } from '../../store/store.ts'
import { wait, type Maybe } from '../../store/work.ts'

/** The internal resource that stores how far each hook has come. */
const hookName = '_hook'

/** Adds that resource to the declarations if any of them has an `onCommit` hook. */
export function withHooks(resources: Readonly<Record<string, AnyResource>>): Readonly<Record<string, AnyResource>> {
  const hooked = Object.values(resources).some(one => (one['~resource'].onCommit ?? []).length > 0)
  return hooked ? { ...resources, [hookName]: hookResource() } : resources
}

/** One row per hook: the position up to which it has handled everything. */
function hookResource(): AnyResource {
  return resource(
    { id: t.id('text', { client: true }), epoch: t.text(), seq: t.integer() },
    { path: null, title: 'RestuaryHook', table: hookName, readOnly: true },
  ).rules(() => ({}))
}

const EPOCH = FIRST
const POSITION = FIRST + 1
/** Changes that are read from the log at a time. */
const STEP = 1_000
/** Milliseconds between two looks whether the node that calls a hook still does. */
const OTHERS = 2_000

export interface CommitHooksOptions {
  readonly store: Store
  readonly leases: Leases
  readonly model: Model
  /** Makes the operations of the application inside a transaction. */
  readonly database: (tx: Transaction) => Database
  readonly onFault: (error: unknown) => void
  /** Milliseconds until a hook that threw is called again. Doubles each time, up to a minute. Default: 1,000. */
  readonly retry?: number
}

/** Starts to call `onCommit` hooks as soon as the store is open; null if there are none. */
export function followCommits(opening: Maybe<void>, options: CommitHooksOptions): CommitHooks | null {
  if (!options.model.resources.has(hookName)) return null
  const hooks = new CommitHooks(options)
  // A synchronous store is open already. Starting at once makes sure that no write of the application comes before.
  if (opening instanceof Promise) void opening.then(() => hooks.start(options.store)).catch(() => undefined)
  else hooks.start(options.store)
  return hooks
}

/**
 * Calls hooks for commits, each hook in order and independent of the others. One node calls a hook, as long as it has its lease.
 * The call is part of a transaction that also stores how far the hook has come. So what a hook writes is written exactly once,
 * even if its node hung and another one has taken over.
 */
export class CommitHooks {
  readonly #followers: readonly Follower[]
  #stop: (() => void) | null = null

  constructor(options: CommitHooksOptions) {
    const own = [...options.model.resources.values()]
    this.#followers = own.flatMap(from => from.onCommit.map(hook => new Follower(from, hook, options)))
  }

  /** Called when the store is open. Hooks receive what is committed from now on, and what they have missed. */
  start(store: Store): void {
    const now = store.read(snapshot => wait(snapshot.position), { row: null })
    const first = now instanceof Promise ? now.catch(() => null) : now
    this.#followers.forEach(one => one.from(first))
    const wake = (): void => this.#followers.forEach(one => one.wake())
    this.#stop ??= store.onCommit(wake)
    wake()
  }

  /** Waits for the calls that are running. */
  async close(): Promise<void> {
    this.#stop?.()
    await Promise.all(this.#followers.map(one => one.close()))
  }
}

class Follower {
  readonly #resource: Resource
  readonly #hook: OnCommitDef
  readonly #options: CommitHooksOptions
  readonly #cursors: Resource
  readonly #key: string
  /** The seq up to which this process knows that everything is handled; -1 = not known yet. */
  #seq = -1
  /** The right to call the hook. */
  #lease: Lease | null = null
  #first: Maybe<number | null> = 0
  #awake = false
  #closed = false
  #running: Promise<void> | null = null
  #failures = 0
  #timer: NodeJS.Timeout | null = null

  constructor(from: Resource, hook: OnCommitDef, options: CommitHooksOptions) {
    this.#resource = from
    this.#hook = hook
    this.#options = options
    this.#cursors = getOrThrow(options.model.resources, hookName)
    this.#key = `${from.name}.${hook.name}`
  }

  /** The position to start at if the hook never ran before; null = the current position at that time. */
  from(position: Maybe<number | null>): void {
    this.#first = position
  }

  /** Called when there may be something new. */
  wake(): void {
    this.#awake = true
    if (this.#closed || this.#running || this.#timer) return
    this.#running = this.#run().finally(() => {
      this.#running = null
      if (this.#awake) this.wake()
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    if (this.#timer) clearTimeout(this.#timer)
    await this.#running
    await this.#lease?.release().catch(() => undefined)
  }

  async #run(): Promise<void> {
    // Wait a turn, so that commits of the same turn are handled together.
    await new Promise(setImmediate)
    try {
      while (this.#awake && !this.#closed) {
        this.#awake = false
        if (await this.#leads()) await this.#advance()
        else this.#later(OTHERS)
      }
      this.#failures = 0
    } catch (error) {
      this.#options.onFault(error)
      this.#awake = false
      this.#again()
    }
  }

  #again(): void {
    // Back off, so that a hook that keeps failing does not keep the process busy.
    this.#later(Math.min((this.#options.retry ?? 1_000) * 2 ** this.#failures++, 60_000))
  }

  /** Whether this node calls the hook. If another one does, it is asked again later whether it still does. */
  async #leads(): Promise<boolean> {
    if (this.#lease?.over.aborted === false) return true
    this.#lease = await this.#options.leases.take(`hook ${this.#key}`)
    // Another node may have called it meanwhile.
    this.#seq = -1
    return this.#lease !== null
  }

  #later(pause: number): void {
    if (this.#closed) return
    this.#awake = false
    this.#timer ??= setTimeout(() => {
      this.#timer = null
      this.wake()
    }, pause)
    this.#timer.unref()
  }

  async #advance(): Promise<void> {
    const { store } = this.#options
    if (this.#seq < 0 && !(await this.#begin())) return
    for (;;) {
      const commits = await store.commits(this.#seq, STEP)
      if (commits === null) return this.#reset()
      if (commits.length === 0 || this.#closed) return
      for (const commit of commits) {
        if (commit.changes.some(change => change.resource === this.#resource)) await this.#tell(commit)
        this.#seq = commit.position
        if (this.#closed) return
      }
    }
  }

  /** Continues where the hook was; a new hook starts now. False if everything has been handled by that. */
  async #begin(): Promise<boolean> {
    const { store } = this.#options
    const row = await this.#read()
    if (row && this.#isValid(row)) {
      this.#seq = row[POSITION] as number
      return true
    }
    if (row) {
      await this.#reset()
      return false
    }
    await store.transaction(async tx => {
      const known = await tx.get(this.#cursors, this.#key)
      const seq = known ? (known[POSITION] as number) : ((await this.#first) ?? tx.position)
      if (!known) await this.#keep(tx, undefined, seq)
      this.#seq = seq
    })
    return true
  }

  async #read(): Promise<Row | undefined> {
    return this.#options.store.read(snapshot => wait(snapshot.get(this.#cursors, this.#key)), {
      row: [this.#cursors, this.#key],
    })
  }

  /** Whether the position that it keeps is still valid. */
  #isValid(row: Row): boolean {
    return this.#options.store.terms.has(row[EPOCH] as string, row[POSITION] as number)
  }

  async #tell(commit: Commit): Promise<void> {
    const { store, database } = this.#options
    await store.transaction(async tx => {
      const row = await tx.get(this.#cursors, this.#key)
      // Another process has already handled this commit.
      if (row && this.#isValid(row) && (row[POSITION] as number) >= commit.position) return
      await this.#hook.handler(this.#eventOf(commit), database(tx))
      await this.#keep(tx, row, commit.position)
    })
  }

  /** Calls the hook with null: the log cannot tell what happened since its last position. */
  async #reset(): Promise<void> {
    const { store, database } = this.#options
    await store.transaction(async tx => {
      const row = await tx.get(this.#cursors, this.#key)
      const { position } = tx
      await this.#hook.handler(null, database(tx))
      await this.#keep(tx, row, position)
      this.#seq = position
    })
  }

  async #keep(tx: Transaction, before: Row | undefined, position: number): Promise<void> {
    const after: Row = []
    after[ID] = this.#key
    after[SEQ] = 0
    after[AT] = 0
    after[EPOCH] = this.#options.store.terms.epochAt(position)
    after[POSITION] = position
    const changed = before ? [EPOCH, POSITION].filter(slot => before[slot] !== after[slot]) : []
    if (before && changed.length === 0) return
    const op = before ? 'patch' : 'create'
    const change = {
      resource: this.#cursors,
      id: this.#key,
      op,
      before: before ?? null,
      after,
      changed,
      lists: [],
    } as const
    await tx.apply([change], [])
  }

  #eventOf({ position, at, changes }: Commit): CommittedEvent {
    return {
      position: this.#options.store.terms.position(position),
      at,
      changes: changes
        .filter(change => change.resource === this.#resource)
        .map(({ op, id, before, after }) => ({ op, id, before: this.#image(before), after: this.#image(after) })),
    }
  }

  #image(row: Row | null): Readonly<Record<string, unknown>> | null {
    return row && { ...readRow(this.#resource, row, none) }
  }
}

const none: ReadonlyMap<string, readonly never[]> = new Map()
