import { ID, type Id, type Join, type OneField, type Resource, type Row, type Value } from '../../model/model.ts'
import { compileTest } from '../../query/evaluate.ts'
import { orderOf } from '../../query/order.ts'
import { everything, type Predicate } from '../../query/predicate.ts'
import { Exhausted, Meter } from '../meter.ts'
import type { Select, Snapshot, Visits } from '../store.ts'
import { tooManyVisits, type Visiting } from '../too-many-visits.ts'
import type { Maybe } from '../work.ts'
import { finished, matching, selected, type Pausing } from './select.ts'
import { accessTo } from './row-access.ts'
import { othersIn, rowIn, rowsIn, rowsOf, rowsWith, tableIn, type MemoryState } from './state.ts'

/** Reads from one state. */
export class MemorySnapshot implements Snapshot {
  readonly #current: () => MemoryState
  readonly #pauses: boolean

  /** `pauses` = a state stays as it is, so that work on it may take several turns. */
  constructor(current: () => MemoryState, pauses: boolean = false) {
    this.#current = current
    this.#pauses = pauses
  }

  get position(): number {
    return this.#current().position
  }

  changed(resource: Resource): number {
    return tableIn(this.#current(), resource).changed
  }

  get(resource: Resource, id: Id): Row | undefined {
    return rowIn(this.#current(), resource, id)
  }

  many(resource: Resource, ids: readonly Id[]): Row[] {
    const state = this.#current()
    return rowsOf(state, resource, ascending(resource, ids))
  }

  select(resource: Resource, select: Select): Maybe<Row[]> {
    const state = this.#current()
    return this.#visit(resource, select, select.visits, meter => selected(state, resource, select, meter))
  }

  count(resource: Resource, where: Predicate, visits?: Visits): Maybe<number> {
    const state = this.#current()
    const rows = rowsIn(state, resource)
    if (where.kind === 'constant') return where.value ? rows.length : 0
    return this.#visit(resource, { where, sort: [] }, visits, function* (meter) {
      const found = yield* matching(rows, compileTest(where, resource, accessTo(state, meter)), Infinity, meter)
      return found.length
    })
  }

  /** Does work within the rows that it may visit, in slices of a few thousand where it may take several turns. */
  #visit<T>(
    resource: Resource,
    asked: Visiting,
    visits: Visits | undefined,
    work: (meter: Meter) => Pausing<T>,
  ): Maybe<T> {
    const most = visits?.most ?? Infinity
    const meter = new Meter(most)
    const begun = work(meter)
    const pauses = this.#pauses && (visits?.account ?? null) !== null
    const refuse = (error: unknown): never => {
      throw error instanceof Exhausted ? tooManyVisits(resource, asked, most) : error
    }
    try {
      const found = pauses ? sliced(begun, meter) : finished(begun)
      return found instanceof Promise ? found.catch(refuse) : found
    } catch (error) {
      return refuse(error)
    }
  }

  childRows(via: OneField, parents: readonly Id[], limit: number | null): Row[] {
    const state = this.#current()
    return ascending(via.target, parents).flatMap(parent =>
      rowsWith(state, via.owner, via.slot, parent).slice(0, limit ?? undefined),
    )
  }

  children(via: OneField, parents: readonly Id[], limit: number | null, visits?: Visits): [Id, Id][] {
    const pairs = this.childRows(via, parents, limit).map((row): [Id, Id] => [row[via.slot] as Id, row[ID] as Id])
    return within(via.owner, pairs, pairs.length, visits)
  }

  childCounts(via: OneField, parents: readonly Id[], visits?: Visits): [Id, number][] {
    const state = this.#current()
    const counts = ascending(via.target, parents)
      .map((parent): [Id, number] => [parent, rowsWith(state, via.owner, via.slot, parent).length])
      .filter(([, count]) => count > 0)
    return within(via.owner, counts, sumOf(counts), visits)
  }

  pairs(join: Join, from: 'a' | 'b', owners: readonly Id[], limit: number | null, visits?: Visits): [Id, Id][] {
    const state = this.#current()
    const pairs = ascending(join[from].resource, owners).flatMap(owner =>
      othersIn(state, join, from, owner)
        .slice(0, limit ?? undefined)
        .map((other): [Id, Id] => [owner, other]),
    )
    return within(join[from].resource, pairs, pairs.length, visits)
  }

  pairRows(join: Join, from: 'a' | 'b', owners: readonly Id[], limit: number | null): [Id, Row][] {
    const state = this.#current()
    const { resource } = join[from === 'a' ? 'b' : 'a']
    return this.pairs(join, from, owners, limit).flatMap(([owner, other]): [Id, Row][] => {
      const row = rowIn(state, resource, other)
      return row ? [[owner, row]] : []
    })
  }

  pairCounts(join: Join, from: 'a' | 'b', owners: readonly Id[], visits?: Visits): [Id, number][] {
    const state = this.#current()
    const counts = ascending(join[from].resource, owners)
      .map((owner): [Id, number] => [owner, othersIn(state, join, from, owner).length])
      .filter(([, count]) => count > 0)
    return within(join[from].resource, counts, sumOf(counts), visits)
  }

  find(resource: Resource, slots: readonly number[], values: readonly Value[]): Row | undefined {
    return rowsIn(this.#current(), resource).find(row =>
      slots.every((slot, i) => row[slot] === values[i] && row[slot] !== null),
    )
  }
}

function ascending(resource: Resource, ids: readonly Id[]): Id[] {
  return [...new Set(ids)].toSorted(orderOf(resource.idType))
}

/** Rows that may be visited in a turn of the event loop. */
const IN_TURN = 5_000

/** Does work now, or in several turns if it visits many rows. */
function sliced<T>(work: Pausing<T>, meter: Meter): Maybe<T> {
  const { visited } = meter
  while (meter.visited - visited < IN_TURN) {
    const step = work.next()
    if (step.done) return step.value
  }
  return new Promise<void>(resolve => void setImmediate(resolve)).then(() => sliced(work, meter))
}

const sumOf = (counts: readonly (readonly [Id, number])[]): number => counts.reduce((sum, [, count]) => sum + count, 0)

/** What was found; ApiError `too_complex` if more was visited than may be. */
function within<T>(resource: Resource, found: T, visited: number, visits: Visits | undefined): T {
  const most = visits?.most ?? Infinity
  if (visited > most) throw tooManyVisits(resource, { where: everything, sort: [] }, most)
  return found
}
