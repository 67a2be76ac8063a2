import { AT, SEQ, type Resource } from '../../model/model.ts'
import type { HighWater } from '../memory/transaction.ts'
import type { LinkChange, Published, RowChange, Transaction } from '../store.ts'
import { chain, type Maybe } from '../work.ts'
import { changed, type Journal } from './journal.ts'
import { AcrossSnapshot } from './snapshot.ts'
import { isEphemeral } from './sides.ts'

/** What a transaction needs to write ephemeral rows. */
export interface EphemeralWrite {
  readonly journal: Journal
  /** Identifies the unit in the journal. */
  readonly unit: object
  readonly ids: HighWater
  /** The time of the unit, in milliseconds since 1970. */
  readonly at: number
}

/** A transaction of a store and of the ephemeral rows beside it. */
export class AcrossTransaction extends AcrossSnapshot implements Transaction {
  readonly #tx: Transaction
  readonly #writing: EphemeralWrite
  /** What this unit has done to ephemeral rows so far. */
  #changes: Parameters<Journal['write']>[1]['changes'] = []

  constructor(tx: Transaction, writing: EphemeralWrite) {
    super(tx, () => writing.journal.latest.state)
    this.#tx = tx
    this.#writing = writing
  }

  nextId(resource: Resource): Maybe<number> {
    if (!isEphemeral(resource)) return this.#tx.nextId(resource)
    const { ids } = this.#writing
    const id = (ids.get(resource.table) ?? 0) + 1
    ids.set(resource.table, id)
    return id
  }

  reserve(resource: Resource, id: number): void {
    const { ids } = this.#writing
    if (!isEphemeral(resource)) this.#tx.reserve(resource, id)
    else if (id > (ids.get(resource.table) ?? 0)) ids.set(resource.table, id)
  }

  apply(changes: readonly RowChange[], links: readonly LinkChange[]): Maybe<void> {
    const own = changes.filter(({ resource }) => isEphemeral(resource))
    if (own.length === 0) return this.#tx.apply(changes, links)
    const { journal, unit, at } = this.#writing
    // Computed first: if it throws, nothing has been written to either side.
    const after = changed(journal.latest, own, at)
    const rest = changes.filter(({ resource }) => !isEphemeral(resource))
    const written = rest.length > 0 || links.length > 0 ? this.#tx.apply(rest, links) : undefined
    return chain(written, () => {
      this.#changes = [...this.#changes, ...after.changes]
      journal.write(unit, { kept: after.kept, changes: this.#changes })
      for (const [i, { resource, id, after: row }] of own.entries()) {
        if (typeof id === 'number') this.reserve(resource, id)
        if (!row) continue
        row[SEQ] = after.changes[i]!.seq
        row[AT] = at
      }
    })
  }

  publish(uri: string, op: Published['op'], body: string | null): Maybe<number> {
    return this.#tx.publish(uri, op, body)
  }

  recall(key: string): Maybe<string | undefined> {
    return this.#tx.recall(key)
  }

  keep(key: string, text: string, until: number): Maybe<void> {
    return this.#tx.keep(key, text, until)
  }
}
