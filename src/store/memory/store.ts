import { writeFile } from 'node:fs/promises'
import { ApiError } from '../../protocol/error.ts'
import { ID, type Id, type Join, type Model, type Resource, type Row } from '../../model/model.ts'
import type { Commit, StoreEnvironment, Recorded, Snapshot, Store, Transaction } from '../store.ts'
import { run, type Maybe, type Work } from '../work.ts'
import { CommitListeners } from '../log/commit-listeners.ts'
import { adapted } from './adapt.ts'
import { JsonFile, Overtaken, textOf } from './file/json-file.ts'
import { writeNewFile } from '../new-file.ts'
import { loaded, paired, type Loaded } from './load.ts'
import { MemoryLog, recordCount } from './log.ts'
import { MemorySnapshot } from './snapshot.ts'
import { emptyState, rowsIn, type MemoryState } from './state.ts'
import { MemoryTransaction, type HighWater } from './transaction.ts'
import { TransactionQueue } from './turns.ts'
import { StateInMemory } from '../shared/state-in-memory.ts'
import { newTerm, Terms } from '../terms.ts'

export interface MemoryOptions {
  /** A JSON file that is read at start, written after commits, and read again when another program has changed it. */
  readonly file?: string
  /** Milliseconds that a `transaction` may take, because other writes wait for it. Default: 10,000. */
  readonly transactionMs?: number
  /** How many changes the log keeps. Default: 1,000,000. */
  readonly keptChanges?: number
}

/** Milliseconds between two looks at the file, while somebody follows the store. */
const WATCH = 100

/** Wrapped in an object: a promise that is returned from a turn would be awaited by it. */
interface Saving {
  readonly done: Promise<void> | undefined
}

/** The executable specification of Store: one immutable state after another. Other stores are tested against it. */
export class MemoryStore implements Store {
  readonly name = 'memory'
  readonly file: string | undefined
  readonly terms: Terms = new Terms()
  readonly shared: StateInMemory = new StateInMemory(() => this.#now())
  #state: MemoryState | null = null
  #model: Model | null = null
  #environment: StoreEnvironment | null = null
  readonly #ids: HighWater = new Map()
  readonly #log: MemoryLog
  readonly #turns = new TransactionQueue()
  readonly #listeners = new CommitListeners()
  readonly #transactionMs: number
  readonly #file: JsonFile | null
  /** Whether this turn of the event loop has looked for changes of the file. */
  #hasLooked = false
  #watch: NodeJS.Timeout | undefined

  constructor(options: MemoryOptions) {
    this.#transactionMs = options.transactionMs ?? 10_000
    this.#log = new MemoryLog(options.keptChanges)
    this.file = options.file
    this.#file = options.file === undefined ? null : new JsonFile(options.file)
  }

  secret(): null {
    return null
  }

  open(model: Model, environment: StoreEnvironment): void {
    this.#environment = environment
    if (this.#state && this.#model) {
      this.#state = adapted(this.#state, this.#model, model)
      this.#log.restart(this.#state.position)
    } else {
      this.terms.replace([newTerm([], 0, environment.random)], 0)
      this.#state = this.#file ? this.#file.read(model, environment) : emptyState(model)
      this.#log.restart(this.#state.position)
    }
    this.#model = model
    this.#reserveAll(this.#state)
  }

  read<T>(work: (snapshot: Snapshot) => Work<T>): Maybe<T> {
    if (this.#file !== null && !this.#hasLooked) this.#lookOnce()
    const state = this.#opened()
    return run(work(new MemorySnapshot(() => state, true)))
  }

  write<T>(work: (tx: Transaction) => Work<T>): Promise<T> {
    return this.#unit(tx => run(work(tx)))
  }

  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.#unit(async tx => {
      const late = Promise.withResolvers<never>()
      const timer = setTimeout(() => {
        late.reject(
          new ApiError('unavailable', { detail: `The transaction took longer than ${this.#transactionMs} ms` }),
        )
      }, this.#transactionMs)
      try {
        return await Promise.race([work(tx), late.promise])
      } finally {
        clearTimeout(timer)
      }
    })
  }

  onCommit(listener: () => void): () => void {
    const remove = this.#listeners.add(listener)
    if (this.#file !== null) this.#watch ??= setInterval(() => this.#lookOnce(), WATCH).unref()
    return () => {
      remove()
      if (this.#listeners.size === 0) this.#unwatch()
    }
  }

  commits(after: number, limit: number): Commit[] | null {
    // A position in the future belongs to another history.
    return after > this.#opened().position ? null : this.#log.after(after, limit)
  }

  oldestPosition(): number {
    return this.#log.reach
  }

  history(resource: Resource, id: Id, before: number, limit: number): Recorded[] {
    return this.#log.history(resource, id, before, limit)
  }

  load(resource: Resource, rows: Iterable<Row>): Promise<number> {
    return this.#replace(state => loaded(state, resource, rows, this.#now()))
  }

  loadPairs(join: Join, pairs: Iterable<readonly [Id, Id]>): Promise<number> {
    return this.#replace(state => paired(state, join, pairs))
  }

  backup(file: string): Promise<void> {
    const state = this.#opened()
    const text = this.#file?.textOf(state) ?? textOf(this.#model!, state, {})
    return writeNewFile(file, temporary => writeFile(temporary, text))
  }

  async close(): Promise<void> {
    this.#unwatch()
    await this.#turns.take(() => this.#file?.settled())
    this.#listeners.clear()
  }

  /** Runs a unit of work when its turn comes. Its state becomes the state of the store, or is discarded completely. */
  async #unit<T>(work: (tx: MemoryTransaction) => Maybe<T>): Promise<T> {
    const { value, saved } = await this.#turns.take(async () => {
      this.#look()
      this.#file?.check()
      const before = this.#opened()
      const at = this.#now()
      const tx = new MemoryTransaction(before, this.#ids, at)
      try {
        const value = await work(tx)
        const { state, changes, published } = tx.end()
        const saved =
          state === before ? undefined : this.#commit(state, { position: state.position, at, changes, published })
        return { value, saved }
      } catch (error) {
        tx.abandon()
        throw error
      }
    })
    // Outside of the turn, so that writes which come meanwhile share the next saving.
    await this.#settled(saved)
    return value
  }

  #commit(state: MemoryState, commit: Commit): Saving {
    this.#state = state
    if (recordCount(commit) > 0) this.#log.append(Object.freeze(commit))
    return this.#visible()
  }

  /** Replaces the state by one with loaded rows. They have no records, so whoever follows the log must begin anew. */
  async #replace(change: (state: MemoryState) => Loaded): Promise<number> {
    const { count, saved } = await this.#turns.take(() => {
      const { state, count } = change(this.#opened())
      this.#state = state
      this.#log.restart(state.position)
      this.#reserveAll(state)
      return { count, saved: this.#visible() }
    })
    await this.#settled(saved)
    return count
  }

  /** Announces a commit, and saves it. */
  #visible(): Saving {
    this.#listeners.tell()
    return { done: this.#file?.save(() => this.#opened()) }
  }

  /** Waits until a commit is saved. If another program was faster, the commit is taken back before the writer hears of that. */
  async #settled(saved: Saving | undefined): Promise<void> {
    try {
      await saved?.done
    } catch (error) {
      if (error instanceof Overtaken) await this.#turns.take(() => this.#look())
      throw error
    }
  }

  /** Looks for changes of the file at most once per turn, and not while somebody writes. */
  #lookOnce(): void {
    if (this.#hasLooked || this.#turns.isBusy) return
    this.#hasLooked = true
    setImmediate(() => (this.#hasLooked = false))
    this.#look()
  }

  /** Takes over what another program wrote into the file. Nothing is known of what changed, so a term of all positions begins. */
  #look(): void {
    const found = this.#file?.look()
    if (!found) return
    const { position } = this.#opened()
    this.#state = { ...found, position: position + 1 }
    this.terms.replace([newTerm(this.terms.list, 0, this.#environment!.random)], position)
    this.#log.restart(position + 1)
    this.#reserveAll(this.#state)
    this.#listeners.tell()
  }

  #unwatch(): void {
    clearInterval(this.#watch)
    this.#watch = undefined
  }

  /** Makes sure that no integer id is handed out that a row already has. */
  #reserveAll(state: MemoryState): void {
    for (const resource of state.tables.keys()) {
      if (resource.idType.key !== 'integer') continue
      const highest = rowsIn(state, resource).at(-1)?.[ID] as number | undefined
      this.#ids.set(resource.table, Math.max(this.#ids.get(resource.table) ?? 0, highest ?? 0))
    }
  }

  #now(): number {
    return this.#environment!.clock()
  }

  #opened(): MemoryState {
    if (this.#state === null) throw new Error('The store is not open')
    return this.#state
  }
}
