import { AT, SEQ, type Id, type Resource } from '../../model/model.ts'
import type { Change, Commit, LinkChange, Published, RowChange, Transaction } from '../store.ts'
import { applied } from './apply.ts'
import { keeping, recalled } from './kept.ts'
import { checkForeignKeys } from './references.ts'
import { MemorySnapshot } from './snapshot.ts'
import type { MemoryState } from './state.ts'

/** For each table, the highest integer id that was ever stored or handed out. Ids of deleted rows are not used again. */
export type HighWater = Map<string, number>

/** Writes to its own copy of the state. At the end the store takes it over or forgets it. */
export class MemoryTransaction extends MemorySnapshot implements Transaction {
  #state: MemoryState | null
  readonly #ids: HighWater
  readonly #at: number
  readonly #changes: Change[] = []
  readonly #published: Published[] = []

  constructor(state: MemoryState, ids: HighWater, at: number) {
    super(() => this.#open())
    this.#state = state
    this.#ids = ids
    this.#at = at
  }

  nextId(resource: Resource): number {
    this.#open()
    const id = (this.#ids.get(resource.table) ?? 0) + 1
    this.#ids.set(resource.table, id)
    return id
  }

  reserve(resource: Resource, id: number): void {
    this.#open()
    if (id > (this.#ids.get(resource.table) ?? 0)) this.#ids.set(resource.table, id)
  }

  apply(changes: readonly RowChange[], links: readonly LinkChange[]): void {
    const { state, records } = applied(this.#open(), changes, links, this.#at)
    this.#state = state
    for (const [i, record] of records.entries()) {
      this.#changes.push(record)
      // The caller's row gets its version too: the response shows it.
      const { after } = changes[i]!
      if (after) {
        after[SEQ] = record.seq
        after[AT] = this.#at
      }
      this.#reserve(record.resource, record.id)
    }
  }

  publish(uri: string, op: Published['op'], body: string | null): number {
    const state = this.#open()
    const seq = state.position + 1
    this.#state = { ...state, position: seq }
    this.#published.push(Object.freeze({ seq, uri, op, body }))
    return seq
  }

  recall(key: string): string | undefined {
    return recalled(this.#open(), key, this.#at)
  }

  keep(key: string, text: string, until: number): void {
    this.#state = keeping(this.#open(), key, { text, until }, this.#at)
  }

  /** Ends the transaction and returns its state and changes. Throws ApiError `conflict` if a reference would lead nowhere. */
  end(): { readonly state: MemoryState } & Pick<Commit, 'changes' | 'published'> {
    const state = this.#open()
    checkForeignKeys(state, this.#changes)
    this.#state = null
    return { state, changes: this.#changes, published: this.#published }
  }

  /** Ends the transaction without effect. Later use of it throws. */
  abandon(): void {
    this.#state = null
  }

  #reserve(resource: Resource, id: Id): void {
    if (typeof id === 'number') this.reserve(resource, id)
  }

  #open(): MemoryState {
    if (this.#state === null) throw new Error('The transaction is over')
    return this.#state
  }
}
