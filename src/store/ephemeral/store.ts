import type { Id, Join, Model, Resource, Row } from '../../model/model.ts'
import { CommitListeners } from '../log/commit-listeners.ts'
import type { HighWater } from '../memory/transaction.ts'
import type { Ahead, Change, Commit, StoreEnvironment, Recorded, Snapshot, Store, Transaction } from '../store.ts'
import type { SharedState } from '../shared/shared-state.ts'
import type { Terms } from '../terms.ts'
import type { Maybe, Work } from '../work.ts'
import { Journal } from './journal.ts'
import { isEphemeral, lastingPart } from './sides.ts'
import { AcrossSnapshot } from './snapshot.ts'
import { AcrossTransaction } from './transaction.ts'

/** How many changes per millisecond can get a seq of their own while the clock advances. */
const PER_MILLISECOND = 1_000

/**
 * A store that keeps ephemeral rows in memory, and everything else in another store. A unit of work writes both or neither. The
 * log only has stored rows.
 */
export class EphemeralStore implements Store {
  readonly #lasting: Store
  readonly #listeners = new CommitListeners()
  readonly #ids: HighWater = new Map()
  #journal: Journal | null = null
  #environment: StoreEnvironment | null = null
  readonly #onChanges: (changes: readonly Change[]) => void

  /** `onChanges` is called at once with what was committed to ephemeral rows. */
  constructor(lasting: Store, onChanges: (changes: readonly Change[]) => void) {
    this.#lasting = lasting
    this.#onChanges = onChanges
  }

  get name(): string {
    return this.#lasting.name
  }

  get file(): string | undefined {
    return this.#lasting.file
  }

  get isReadOnly(): boolean {
    return this.#lasting.isReadOnly ?? false
  }

  get waits(): boolean {
    return this.#lasting.waits ?? false
  }

  get terms(): Terms {
    return this.#lasting.terms
  }

  get hasNodes(): boolean {
    return this.#lasting.hasNodes ?? false
  }

  get impaired(): string | null {
    return this.#lasting.impaired ?? null
  }

  get shared(): SharedState {
    return this.#lasting.shared
  }

  get skew(): number {
    return this.#lasting.skew ?? 0
  }

  secret(): Uint8Array | null {
    return this.#lasting.secret()
  }

  open(model: Model, environment: StoreEnvironment): Maybe<void> {
    this.#environment = environment
    // Versions begin at the clock, so a restarted process does not use them again.
    const base = environment.clock() * PER_MILLISECOND
    this.#journal = new Journal(model, base, this.#onChanges)
    return this.#lasting.open(lastingPart(model), environment)
  }

  read<T>(work: (snapshot: Snapshot) => Work<T>, ahead?: Ahead): Maybe<T> {
    return this.#lasting.read(snapshot => {
      const { state } = this.#opened().committed
      return work(new AcrossSnapshot(snapshot, () => state))
    }, ahead)
  }

  async write<T>(work: (tx: Transaction) => Work<T>): Promise<T> {
    const unit = {}
    return this.#unit(
      unit,
      this.#lasting.write(tx => this.#attempt(unit, this.#begin(unit, tx), work)),
    )
  }

  async transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    const unit = {}
    return this.#unit(
      unit,
      this.#lasting.transaction(tx => work(this.#begin(unit, tx))),
    )
  }

  fleeting(after: number): readonly Commit[] | null {
    return this.#opened().after(after)
  }

  onCommit(listener: () => void): () => void {
    const remove = this.#listeners.add(listener)
    const stop = this.#lasting.onCommit(() => listener())
    return () => {
      stop()
      remove()
    }
  }

  commits(after: number, limit: number): Maybe<Commit[] | null> {
    return this.#lasting.commits(after, limit)
  }

  oldestPosition(): Maybe<number> {
    return this.#lasting.oldestPosition()
  }

  history(resource: Resource, id: Id, before: number, limit: number): Maybe<Recorded[]> {
    return isEphemeral(resource) ? [] : this.#lasting.history(resource, id, before, limit)
  }

  load(resource: Resource, rows: Iterable<Row>): Maybe<number> {
    if (isEphemeral(resource)) throw new Error(`${resource.name} is ephemeral: there is nothing to load it into`)
    return this.#lasting.load(resource, rows)
  }

  loadPairs(join: Join, pairs: Iterable<readonly [Id, Id]>): Maybe<number> {
    return this.#lasting.loadPairs(join, pairs)
  }

  get backup(): Store['backup'] {
    return this.#lasting.backup?.bind(this.#lasting)
  }

  close(): Maybe<void> {
    this.#listeners.clear()
    return this.#lasting.close()
  }

  /** Begins a unit. If the store runs it again, what it did before is undone first. */
  #begin(unit: object, tx: Transaction): AcrossTransaction {
    const journal = this.#opened()
    journal.undo(unit)
    return new AcrossTransaction(tx, { journal, unit, ids: this.#ids, at: this.#environment!.clock() })
  }

  /** Runs a unit, and undoes it if it throws, before later units see its changes. */
  *#attempt<T>(unit: object, tx: AcrossTransaction, work: (tx: Transaction) => Work<T>): Work<T> {
    try {
      return yield* work(tx)
    } catch (error) {
      this.#opened().undo(unit)
      throw error
    }
  }

  async #unit<T>(unit: object, done: Promise<T>): Promise<T> {
    try {
      const value = await done
      if (this.#opened().commit(unit, this.#environment!.clock())) this.#listeners.tell()
      return value
    } catch (error) {
      this.#opened().undo(unit)
      throw error
    }
  }

  #opened(): Journal {
    if (this.#journal === null) throw new Error('The store is not open')
    return this.#journal
  }
}
