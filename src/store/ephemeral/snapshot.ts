import {
  ID,
  type Field,
  type Id,
  type Join,
  type OneField,
  type Resource,
  type Row,
  type Value,
} from '../../model/model.ts'
import type { Predicate } from '../../query/predicate.ts'
import { layers } from '../memory/layers.ts'
import { MemorySnapshot } from '../memory/snapshot.ts'
import { rowsIn, newTable, type MemoryState } from '../memory/state.ts'
import type { Room } from '../room.ts'
import type { QueryPlan, Select, Snapshot, UnindexedQuery, Visits } from '../store.ts'
import { run, wait, type Maybe, type Work } from '../work.ts'
import { settled } from './settled.ts'
import { isEphemeral } from './sides.ts'

/** A state of the store together with the ephemeral rows beside it. Queries may go from one to the other. */
export class AcrossSnapshot implements Snapshot {
  readonly #lasting: Snapshot
  readonly #state: () => MemoryState
  readonly #ephemeral: MemorySnapshot

  constructor(lasting: Snapshot, state: () => MemoryState) {
    this.#lasting = lasting
    this.#state = state
    this.#ephemeral = new MemorySnapshot(state)
  }

  get position(): number {
    return this.#lasting.position
  }

  get fleeting(): number {
    return this.#state().position
  }

  changed(resource: Resource): number {
    return this.#of(resource).changed(resource)
  }

  get(resource: Resource, id: Id): Maybe<Row | undefined> {
    return this.#of(resource).get(resource, id)
  }

  many(resource: Resource, ids: readonly Id[], room?: Room): Maybe<Row[]> {
    return this.#of(resource).many(resource, ids, room)
  }

  select(resource: Resource, select: Select): Maybe<Row[]> {
    return run(this.#select(resource, select))
  }

  explain(resource: Resource, select: Select): Maybe<QueryPlan | null> {
    return isEphemeral(resource) ? null : (this.#lasting.explain?.(resource, select) ?? null)
  }

  get unindexed(): readonly UnindexedQuery[] {
    return this.#lasting.unindexed ?? []
  }

  count(resource: Resource, where: Predicate, visits?: Visits): Maybe<number> {
    return run(this.#count(resource, where, visits))
  }

  children(via: OneField, parents: readonly Id[], limit: number | null, visits?: Visits): Maybe<[Id, Id][]> {
    return this.#of(via.owner).children(via, parents, limit, visits)
  }

  childRows(via: OneField, parents: readonly Id[], limit: number | null, room?: Room): Maybe<Row[]> {
    return this.#of(via.owner).childRows(via, parents, limit, room)
  }

  childCounts(via: OneField, parents: readonly Id[], visits?: Visits): Maybe<[Id, number][]> {
    return this.#of(via.owner).childCounts(via, parents, visits)
  }

  pairs(join: Join, from: 'a' | 'b', owners: readonly Id[], limit: number | null, visits?: Visits): Maybe<[Id, Id][]> {
    return this.#lasting.pairs(join, from, owners, limit, visits)
  }

  pairRows(join: Join, from: 'a' | 'b', owners: readonly Id[], limit: number | null, room?: Room): Maybe<[Id, Row][]> {
    return this.#lasting.pairRows(join, from, owners, limit, room)
  }

  pairCounts(join: Join, from: 'a' | 'b', owners: readonly Id[], visits?: Visits): Maybe<[Id, number][]> {
    return this.#lasting.pairCounts(join, from, owners, visits)
  }

  find(resource: Resource, slots: readonly number[], values: readonly Value[]): Maybe<Row | undefined> {
    return this.#of(resource).find(resource, slots, values)
  }

  #of(resource: Resource): Snapshot {
    return isEphemeral(resource) ? this.#ephemeral : this.#lasting
  }

  *#count(resource: Resource, where: Predicate, visits?: Visits): Work<number> {
    return yield* wait(this.#of(resource).count(resource, yield* settled(this, resource, where), visits))
  }

  *#select(resource: Resource, select: Select): Work<Row[]> {
    const where = yield* settled(this, resource, select.where)
    const asked = where === select.where ? select : { ...select, where }
    if (!isEphemeral(resource)) return yield* wait(this.#lasting.select(resource, asked))
    const state = yield* this.#sortable(resource, asked)
    return yield* wait(new MemorySnapshot(() => state).select(resource, asked))
  }

  /** The ephemeral rows, together with the stored rows that the sort keys lead through. */
  *#sortable(resource: Resource, { sort }: Select): Work<MemoryState> {
    const own = this.#state()
    const tables = new Map(own.tables)
    for (const { path } of sort) {
      let rows: readonly Row[] = rowsIn(own, resource)
      let at = resource
      for (const name of path.slice(0, -1)) {
        const field = at.field.get(name) as Field
        if (field.is !== 'one') break
        const { slot, target } = field
        const ids = [...new Set(rows.map(row => row[slot] as Id | null))].filter(id => id !== null)
        rows = yield* wait(this.many(target, ids))
        at = target
        if (isEphemeral(target)) continue
        const known = tables.get(target)
        const before = known ? rowsIn({ ...own, tables }, target) : []
        tables.set(target, newTable(layers([...before, ...rows].map(row => [row[ID] as Id, row])), 0))
      }
    }
    return tables.size === own.tables.size ? own : { ...own, tables }
  }
}
