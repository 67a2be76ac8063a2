import { getOrThrow } from '../../../protocol/get-or-throw.ts'
import { ID, type Id, type ManyField, type OneField, type Resource, type Row } from '../../../model/model.ts'
import type { Snapshot } from '../../../store/store.ts'
import { wait, type Maybe, type Work } from '../../../store/work.ts'
import type { KnownPairs } from './known-pairs.ts'

/** Rows and relations in one state: the present or an earlier one. */
export interface RowState {
  row(resource: Resource, id: Id): Row | null
  /** The rows that refer to a parent. */
  children(via: OneField, parent: Id): readonly Row[]
  /** The ids that a many-to-many relation links to an owner. */
  others(field: ManyField, owner: Id): ReadonlySet<Id>
}

/** A row before and after a step. */
export interface Images {
  readonly before: Row | null
  readonly after: Row | null
}

const noRows: readonly Row[] = []
const noIds: ReadonlySet<Id> = new Set()

/**
 * The state of a snapshot. Everything that is read is kept while the step lasts. A synchronous store answers at once. With an
 * asynchronous store, missing data is noted and a neutral value is returned in its place. Evaluations therefore run inside
 * `settled`, which loads all that was missing together and evaluates again.
 */
export class PresentState implements RowState {
  #snapshot: Snapshot
  readonly #known: KnownPairs
  readonly #rows = new Map<Resource, Map<Id, Row | null>>()
  readonly #children = new Map<OneField, Map<Id, readonly Row[]>>()
  readonly #others = new Map<ManyField, Map<Id, ReadonlySet<Id>>>()
  readonly #missing: Missing = { rows: new Map(), children: new Map(), others: new Map() }
  #isIncomplete = false
  #isAsynchronous = false

  constructor(snapshot: Snapshot, known: KnownPairs) {
    this.#snapshot = snapshot
    this.#known = known
  }

  get snapshot(): Snapshot {
    return this.#snapshot
  }

  /** Continues in another snapshot of the same state: no read transaction may stay open over turns. */
  continueIn(snapshot: Snapshot): void {
    this.#snapshot = snapshot
  }

  /** Records a row that is known without reading it. */
  know(resource: Resource, id: Id, row: Row | null): void {
    mapIn(this.#rows, resource).set(id, row)
  }

  row(resource: Resource, id: Id): Row | null {
    const rows = mapIn(this.#rows, resource)
    let row = rows.get(id)
    if (row === undefined) {
      const found = this.#isAsynchronous ? null : this.#answered(this.#snapshot.get(resource, id))
      if (found === null) return this.#miss(this.#missing.rows, resource, id, null)
      rows.set(id, (row = found ?? null))
    }
    return row
  }

  children(via: OneField, parent: Id): readonly Row[] {
    const children = mapIn(this.#children, via)
    let rows = children.get(parent)
    if (!rows) {
      const found = this.#isAsynchronous ? null : this.#answered(this.#snapshot.childRows(via, [parent], null))
      if (found === null) return this.#miss(this.#missing.children, via, parent, noRows)
      children.set(parent, (rows = found))
    }
    return rows
  }

  others(field: ManyField, owner: Id): ReadonlySet<Id> {
    const others = mapIn(this.#others, field)
    let ids = others.get(owner)
    if (!ids) {
      ids = this.#known.get(field, owner)
      if (!ids) {
        const found = this.#isAsynchronous
          ? null
          : this.#answered(this.#snapshot.pairs(field.join, field.side, [owner], null))
        if (found === null) return this.#miss(this.#missing.others, field, owner, noIds)
        ids = new Set(found.map(([, id]) => id))
        this.#known.set(field, owner, ids)
      }
      others.set(owner, ids)
    }
    return ids
  }

  /** Reads rows that will be needed, all at once. */
  *load(resource: Resource, ids: Iterable<Id>): Work<void> {
    const rows = mapIn(this.#rows, resource)
    const missing: Id[] = []
    for (const id of ids) if (!rows.has(id)) missing.push(id)
    if (missing.length > 1 || (missing.length === 1 && this.#isAsynchronous)) yield* this.#loadRows(resource, missing)
  }

  /** Evaluates until no data is missing. The function must have no side effects, because it may run several times. */
  *settled<T>(evaluate: () => T): Work<T> {
    for (;;) {
      const result = evaluate()
      if (!this.#isIncomplete) return result
      yield* this.#fetch()
    }
  }

  *#fetch(): Work<void> {
    const { rows, children, others } = this.#missing
    this.#isIncomplete = false
    for (const [resource, ids] of rows) yield* this.#loadRows(resource, [...ids])
    for (const [via, parents] of children) {
      const known = mapIn(this.#children, via)
      const found = new Map<Id, Row[]>()
      for (const parent of parents) found.set(parent, [])
      for (const row of yield* wait(this.#snapshot.childRows(via, [...parents], null)))
        getOrThrow(found, row[via.slot] as Id).push(row)
      for (const [parent, list] of found) known.set(parent, list)
    }
    for (const [field, owners] of others) {
      const known = mapIn(this.#others, field)
      const found = new Map<Id, Set<Id>>()
      for (const owner of owners) found.set(owner, new Set())
      for (const [owner, id] of yield* wait(this.#snapshot.pairs(field.join, field.side, [...owners], null)))
        getOrThrow(found, owner).add(id)
      for (const [owner, ids] of found) {
        known.set(owner, ids)
        this.#known.set(field, owner, ids)
      }
    }
    rows.clear()
    children.clear()
    others.clear()
  }

  *#loadRows(resource: Resource, ids: readonly Id[]): Work<void> {
    const rows = mapIn(this.#rows, resource)
    const found = yield* wait(this.#snapshot.many(resource, ids))
    for (const id of ids) rows.set(id, null)
    for (const row of found) rows.set(row[ID] as Id, row)
  }

  /** What the store answered at once; null if it waits. The first promise shows that it does, and no more are asked for. */
  #answered<T>(found: Maybe<T>): T | null {
    if (!(found instanceof Promise)) return found
    this.#isAsynchronous = true
    // It is requested again together with the rest, so its own result does not matter.
    found.catch(() => undefined)
    return null
  }

  /** Notes what has to be loaded, and returns a stand-in for it. `settled` evaluates again with the real thing. */
  #miss<K, T>(missing: Map<K, Set<Id>>, key: K, id: Id, instead: T): T {
    this.#isIncomplete = true
    const ids = missing.get(key)
    if (ids) ids.add(id)
    else missing.set(key, new Set([id]))
    return instead
  }
}

interface Missing {
  readonly rows: Map<Resource, Set<Id>>
  readonly children: Map<OneField, Set<Id>>
  readonly others: Map<ManyField, Set<Id>>
}

function mapIn<K, V>(maps: Map<K, Map<Id, V>>, key: K): Map<Id, V> {
  let map = maps.get(key)
  if (!map) maps.set(key, (map = new Map()))
  return map
}
