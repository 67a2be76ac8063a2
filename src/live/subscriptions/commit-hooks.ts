import { t } from '../../schema/builder.ts'
import type { AnyResource } from '../../model/declare/declaration.ts'
import type { CommittedEvent, OnCommitDef } from '../../model/declare/hook.ts'
import { AT, FIRST, ID, SEQ, type Model, type Resource, type Row } from '../../model/model.ts'
import type { Database } from '../../model/rules/operations.ts'
import { resource } from '../../model/declare/resource.ts'
import { readRow } from '../../engine/read/row-for-functions.ts'
import { formatPosition } from '../../protocol/position.ts'
import type { Commit, Store, Transaction } from '../../store/store.ts'
import { wait, type Maybe } from '../../store/work.ts'

/** The internal resource that holds how far each hook has come. */
const hookName = '_hook'

/** Where hooks hear of commits, how far each has come is a row as well. */
export function withHooks(resources: Readonly<Record<string, AnyResource>>): Readonly<Record<string, AnyResource>> {
  const hooked = Object.values(resources).some(one => (one['~resource'].onCommit ?? []).length > 0)
  return hooked ? { ...resources, [hookName]: hookResource() } : resources
}

/** One row a hook: the position up to which it has heard of everything. */
function hookResource(): AnyResource {
  return resource(
    { id: t.id('text', { client: true }), epoch: t.text(), seq: t.integer() },
    { path: null, title: 'RestuaryHook', table: hookName, readOnly: true },
  ).rules(() => ({}))
}

const EPOCH = FIRST
const POSITION = FIRST + 1
/** Changes that one look at the log takes. */
const STEP = 1_000

export interface CommitHooksOptions {
  readonly store: Store
  readonly model: Model
  /** The operations of the application itself within a transaction. */
  readonly database: (tx: Transaction) => Database
  readonly onFault: (error: unknown) => void
  /** Milliseconds until a hook that threw is asked again; doubled each time, up to a minute. Default 1,000. */
  readonly retry?: number
}

/** Begins to tell hooks of commits as soon as the store is open; null where there are no hooks. */
export function followCommits(opening: Maybe<void>, options: CommitHooksOptions): CommitHooks | null {
  if (!options.model.resources.has(hookName)) return null
  const hooks = new CommitHooks(options)
  // Of a synchronous store nothing that the application does can come before it.
  if (opening instanceof Promise) void opening.then(() => hooks.start(options.store)).catch(() => undefined)
  else hooks.start(options.store)
  return hooks
}

/**
 * Tells hooks of commits, each in order and on its own. A hook hears of a commit in a transaction that also keeps how far
 * it has come, so that whatever it writes is written exactly once, by whichever process comes first.
 */
export class CommitHooks {
  readonly #followers: readonly Follower[]
  #stop: (() => void) | null = null

  constructor(options: CommitHooksOptions) {
    const own = [...options.model.resources.values()]
    this.#followers = own.flatMap(from => from.onCommit.map(hook => new Follower(from, hook, options)))
  }

  /** The store is open: what is committed from here on is told, and what was not told before. */
  start(store: Store): void {
    const now = store.read(snapshot => wait(snapshot.position))
    const first = now instanceof Promise ? now.catch(() => null) : now
    this.#followers.forEach(one => one.from(first))
    const wake = (): void => this.#followers.forEach(one => one.wake())
    this.#stop ??= store.onCommit(wake)
    wake()
  }

  /** Lets what runs come to its end. */
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
  /** Committed seq that it is done with; -1 = not known yet. */
  #seq = -1
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
    this.#cursors = options.model.resources.get(hookName)!
    this.#key = `${from.name}.${hook.name}`
  }

  /** Where it begins if it never was asked before; null = where the log is by then. */
  from(position: Maybe<number | null>): void {
    this.#first = position
  }

  /** There may be something new. */
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
  }

  async #run(): Promise<void> {
    // Commits of the same turn are looked at together.
    await new Promise(setImmediate)
    try {
      while (this.#awake && !this.#closed) {
        this.#awake = false
        await this.#advance()
      }
      this.#failures = 0
    } catch (error) {
      this.#options.onFault(error)
      this.#awake = false
      this.#again()
    }
  }

  #again(): void {
    if (this.#closed) return
    const pause = Math.min((this.#options.retry ?? 1_000) * 2 ** this.#failures++, 60_000)
    this.#timer = setTimeout(() => {
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

  /** Takes up where it was; the first time from now on. False if there is nothing behind it to be told. */
  async #begin(): Promise<boolean> {
    const { store } = this.#options
    const row = await this.#read()
    if (row && row[EPOCH] === store.epoch) {
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
    return this.#options.store.read(snapshot => wait(snapshot.get(this.#cursors, this.#key)))
  }

  async #tell(commit: Commit): Promise<void> {
    const { store, database } = this.#options
    await store.transaction(async tx => {
      const row = await tx.get(this.#cursors, this.#key)
      // Another process was first.
      if (row && row[EPOCH] === store.epoch && (row[POSITION] as number) >= commit.position) return
      await this.#hook.handler(this.#eventOf(commit), database(tx))
      await this.#keep(tx, row, commit.position)
    })
  }

  /** The log cannot tell what happened since. */
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
    after[EPOCH] = this.#options.store.epoch
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
      position: formatPosition(this.#options.store.epoch, position),
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
