import { ApiError } from '../../protocol/error.ts'
import { ID, type Resource, type Row } from '../../model/model.ts'
import type { StoredFile } from '../../schema/file.ts'
import type { FileStore } from '../../store/files.ts'
import type { Store } from '../../store/store.ts'
import { wait, type Maybe } from '../../store/work.ts'
import type { Call, Outcome } from '../call/call.ts'
import type { WriteEnvironment } from '../call/call-environment.ts'
import { admitUpload } from './admit.ts'
import { entering, LEASE, striking } from './ledger.ts'
import { Reception } from './reception.ts'

export interface FilesOptions {
  readonly store: Store
  readonly ledger: Resource
  readonly files: FileStore
  /** Whether the bytes are in memory, so that no other process has them. */
  readonly isOfProcess: boolean
  readonly clock: () => number
  readonly random: (bytes: number) => Uint8Array
  readonly onFault: (error: unknown) => void
  /** Milliseconds between clean-ups of what uploads of other or earlier processes left behind. Default: 10 minutes. */
  readonly every?: number
}

/** Ledger entries that are processed at a time. */
const STEP = 100

/** The files of an API: receives them, serves them, and removes those that no row has any more (docs/decisions/011-files.md). */
export class Files {
  readonly #options: FilesOptions
  #stop: (() => void) | null = null
  #timer: NodeJS.Timeout | null = null
  #clearing: Promise<void> | null = null
  #again = false
  /** The position of the last change to the ledger that was acted on. */
  #seen = -1

  constructor(options: FilesOptions) {
    this.#options = options
  }

  /** Whether no other process can read the files. */
  get areOfProcess(): boolean {
    return this.#options.isOfProcess
  }

  /** Called when the store is open. Removes what earlier processes left behind, and from now on what rows lose. */
  start(): Promise<void> {
    const { store, ledger, every = 600_000 } = this.#options
    if (store.isReadOnly) return Promise.resolve()
    const look = (): void => {
      const changed = store.read(snapshot => wait(snapshot.changed(ledger)))
      if (changed instanceof Promise) changed.then(seq => this.#changed(seq)).catch(this.#options.onFault)
      else this.#changed(changed)
    }
    this.#stop = store.onCommit(look)
    this.#timer = setInterval(() => void this.clear(), every).unref()
    return this.clear()
  }

  #changed(seq: number): void {
    if (seq === this.#seen) return
    this.#seen = seq
    void this.clear()
  }

  async close(): Promise<void> {
    this.#stop?.()
    this.#stop = null
    if (this.#timer) clearInterval(this.#timer)
    this.#again = false
    await this.#clearing
  }

  /**
   * Runs a write with its files: checks that the write would be allowed, receives the files, then begins the unit of work.
   * Files that the write does not use are released.
   */
  async during(
    call: Call,
    writing: WriteEnvironment,
    write: (writing: WriteEnvironment) => Maybe<Outcome>,
  ): Promise<Outcome> {
    const { store, clock, onFault } = this.#options
    await store.read(snapshot => admitUpload(snapshot, call, writing))
    const reception = this.#reception()
    let isUsed = false
    try {
      await call.receive!(reception)
      // Receiving took time, and defaults such as "now" should be those of the write.
      const outcome = await write({ ...writing, ctx: { ...writing.ctx, now: clock() } })
      isUsed = outcome.kind === 'item' && outcome.replayed !== true
      return outcome
    } finally {
      if (!isUsed) await reception.release().catch(onFault)
    }
  }

  #reception(): Reception {
    const { files, clock, random } = this.#options
    return new Reception({
      clock,
      enter: key => this.#enter(key),
      write: (key, bytes) => files.write(key, bytes),
      release: keys => this.#release(keys),
      newKey: () => Buffer.from(random(16)).toString('hex'),
    })
  }

  /** The bytes of a file from `start` to `end`, both included; null if the file is gone. */
  read(file: StoredFile, start: number, end: number): Promise<AsyncIterable<Uint8Array> | null> {
    return this.#options.files.read(file.version, start, end)
  }

  async #enter(key: string): Promise<void> {
    const { store, ledger, clock } = this.#options
    await store.write(tx => wait(tx.apply([entering(ledger, key, clock() + LEASE)], [])))
  }

  /**
   * Marks files as due for removal unless a row took them. Only the ledger knows that for sure: the outcome of a commit may be
   * unknown.
   */
  async #release(keys: readonly string[]): Promise<void> {
    const { store, ledger, clock } = this.#options
    await store.write(function* (tx) {
      const rows = yield* wait(tx.many(ledger, keys))
      const changes = rows.map(row => entering(ledger, row[ID] as string, clock(), row))
      if (changes.length > 0) yield* wait(tx.apply(changes, []))
    })
  }

  /** Removes everything that is due. Bytes go before their entry, so after a crash in between the removal is repeated. */
  clear(): Promise<void> {
    this.#again = true
    return (this.#clearing ??= this.#run().finally(() => {
      this.#clearing = null
    }))
  }

  async #run(): Promise<void> {
    try {
      while (this.#again) {
        this.#again = false
        for (let rows = await this.#due(); rows.length > 0; rows = await this.#due()) await this.#remove(rows)
      }
    } catch (error) {
      // The next run tries again. A closed store during shutdown is not worth reporting.
      if (!(error instanceof ApiError && error.code === 'unavailable' && this.#stop === null))
        this.#options.onFault(error)
    }
  }

  async #due(): Promise<Row[]> {
    const { store, ledger, clock } = this.#options
    const where = { kind: 'compare', op: 'lte', field: 'due', value: clock() } as const
    return store.read(snapshot =>
      wait(snapshot.select(ledger, { where, sort: [], limit: STEP, offset: 0, cursor: null })),
    )
  }

  /** Removes the bytes of files. A failure does not stop the others; the first one is thrown at the end. */
  async #remove(rows: readonly Row[]): Promise<void> {
    const { store, ledger, files } = this.#options
    const gone: string[] = []
    const faults: unknown[] = []
    for (const row of rows) {
      const key = row[ID] as string
      try {
        await files.remove(key)
        gone.push(key)
      } catch (error) {
        faults.push(error)
      }
    }
    await store.write(function* (tx) {
      const left = yield* wait(tx.many(ledger, gone))
      const changes = left.map(row => striking(ledger, row))
      if (changes.length > 0) yield* wait(tx.apply(changes, []))
    })
    if (faults.length > 0) throw faults[0]
  }
}
