import { getOrThrow } from '../../../protocol/get-or-throw.ts'
import type { Id, Join, OneField, Resource, Row, Value } from '../../../model/model.ts'
import { everything, type Predicate } from '../../../query/predicate.ts'
import { Elsewhere } from '../../accounts.ts'
import type { Compiled } from '../../sql/kysely.ts'
import { decode, decodeAll, fieldAt, type Layout, type Layouts } from '../../sql/layout.ts'
import { jsonList } from '../../sql/leaf.ts'
import { shapeOfCount, shapeOfKey, shapeOfList, type StatementShape } from '../../sql/shape.ts'
import {
  childPairs,
  countPairs,
  joinPairs,
  selectChildRows,
  selectPairRows,
  selectPairs,
  type Bounded,
  type PairTable,
} from '../../sql/statements/related.ts'
import { countRows, findRow, getRows, selectRows } from '../../sql/statements/rows.ts'
import type { Room } from '../../room.ts'
import type { QueryPlan, Select, Snapshot, UnindexedQuery, Visits } from '../../store.ts'
import { tooManyVisits, type Visiting } from '../../too-many-visits.ts'
import type { PostgresConnection } from '../connection.ts'
import { isExhausted } from '../failures.ts'
import { postgresDialect } from '../postgres-dialect.ts'
import type { PostgresState } from '../state.ts'
import type { NamedStatement } from '../statements.ts'
import { RowLoader } from './row-loader.ts'

/** Rows that a query may visit on a connection that others share: about 20 ms. */
const SHARED = 10_000

/** What a reader has to know of its store. */
export type ReadState = Pick<PostgresState, 'statements' | 'changed'> & { readonly layouts: Layouts }

/** Reads through a connection, in whatever transaction is open on it. */
export class PostgresReader implements Snapshot {
  protected readonly connection: PostgresConnection
  protected readonly state: ReadState
  readonly #position: number
  readonly #isShared: boolean
  readonly #rows: RowLoader

  /** `isShared` = other reads wait for the answers to this one, so what visits many rows has to go elsewhere. */
  constructor(connection: PostgresConnection, state: ReadState, position: number, isShared: boolean) {
    this.connection = connection
    this.state = state
    this.#position = position
    this.#isShared = isShared
    this.#rows = new RowLoader(connection, state.statements)
  }

  get position(): number {
    return this.#position
  }

  changed(resource: Resource): number {
    return Math.min(this.state.changed(resource), this.#position)
  }

  #layout(resource: Resource): Layout {
    return getOrThrow(this.state.layouts, resource)
  }

  #statement(key: string, make: () => Compiled): NamedStatement {
    return this.state.statements.get(key, make)
  }

  async get(resource: Resource, id: Id): Promise<Row | undefined> {
    return this.#rows.get(this.#layout(resource), id)
  }

  async many(resource: Resource, ids: readonly Id[], room?: Room): Promise<Row[]> {
    if (ids.length === 0) return []
    const layout = this.#layout(resource)
    const statement = this.#statement(`many ${resource.name}`, () => getRows(layout))
    return decodeAll(layout, within(room, await this.connection.all(statement, jsonList(ids))))
  }

  async select(resource: Resource, select: Select): Promise<Row[]> {
    const layout = this.#layout(resource)
    const { layouts } = this.state
    const { shape } = shapeOfList(layout, layouts, select)
    const make = (isCounted: boolean): Compiled => {
      this.state.statements.wanted.note(resource, select)
      return selectRows(layout, layouts, select, { isCounted })
    }
    const rows = decodeAll(layout, within(select.room, await this.#visiting(resource, shape, make, select)))
    return select.cursor?.before ? rows.toReversed() : rows
  }

  async explain(resource: Resource, select: Select): Promise<QueryPlan> {
    const layout = this.#layout(resource)
    const { layouts } = this.state
    const { sql, slots } = selectRows(layout, layouts, select)
    const { values } = shapeOfList(layout, layouts, select).shape
    const explained = this.state.statements.once({ sql: `explain ${sql}`, slots })
    const rows = await this.connection.all(explained, ...values)
    const placed = slots === null ? values : slots.map(slot => values[slot])
    return { sql, values: placed, steps: rows.map(([step]) => step as string) }
  }

  get unindexed(): readonly UnindexedQuery[] {
    return this.state.statements.wanted.list
  }

  async count(resource: Resource, where: Predicate, visits?: Visits): Promise<number> {
    const layout = this.#layout(resource)
    const { layouts } = this.state
    const shape = shapeOfCount(layout, layouts, where)
    const make = (isCounted: boolean): Compiled => countRows(layout, layouts, where, isCounted)
    const [row] = await this.#visiting(resource, shape, make, { where, sort: [], visits })
    return row![0] as number
  }

  /** Runs a query within the rows that it may visit. */
  async #visiting(
    resource: Resource,
    { key, values }: StatementShape,
    make: (isCounted: boolean) => Compiled,
    asked: Visiting & { readonly visits?: Visits | undefined },
  ): Promise<Row[]> {
    const { visits } = asked
    if (visits === undefined)
      return this.connection.all(
        this.#statement(key, () => make(false)),
        ...values,
      )
    const { most, account } = visits
    const allowed = this.#isShared && account !== null ? Math.min(most, SHARED) : most
    const statement = this.#statement(`counted ${key}`, () => make(true))
    try {
      return await this.connection.guarded(`set local restuary.visits = ${allowed}`, statement, values)
    } catch (error) {
      if (!isExhausted(error)) throw error
      throw allowed < most && account !== null ? new Elsewhere(account) : tooManyVisits(resource, asked, allowed)
    }
  }

  async children(via: OneField, parents: readonly Id[], limit: number | null, visits?: Visits): Promise<[Id, Id][]> {
    const pairs = (): PairTable => childPairs(via, this.#layout(via.owner))
    if (limit === null && visits) return this.#visitingPairs(via.owner, keyOf(via), pairs, parents, visits)
    return this.#pairs(keyOf(via), pairs, parents, limit)
  }

  async pairs(
    join: Join,
    from: 'a' | 'b',
    owners: readonly Id[],
    limit: number | null,
    visits?: Visits,
  ): Promise<[Id, Id][]> {
    const pairs = (): PairTable => joinPairs(join, from, postgresDialect)
    const key = `${from} ${join.table}`
    if (limit === null && visits) return this.#visitingPairs(join[from].resource, key, pairs, owners, visits)
    return this.#pairs(key, pairs, owners, limit)
  }

  /** All pairs of some owners, as many as may be visited. */
  async #visitingPairs(
    resource: Resource,
    key: string,
    pairs: () => PairTable,
    owners: readonly Id[],
    { most, account }: Visits,
  ): Promise<[Id, Id][]> {
    if (owners.length === 0) return []
    const allowed = this.#isShared && account !== null ? Math.min(most, SHARED) : most
    const statement = this.#statement(`together pairs ${key}`, () => selectPairs(pairs(), 'together'))
    const found = await this.connection.all(statement, jsonList(owners), allowed + 1)
    if (found.length <= allowed) return found as [Id, Id][]
    throw allowed < most && account !== null
      ? new Elsewhere(account)
      : tooManyVisits(resource, { where: everything, sort: [] }, allowed)
  }

  async #pairs(key: string, pairs: () => PairTable, owners: readonly Id[], limit: number | null): Promise<[Id, Id][]> {
    if (owners.length === 0) return []
    const [owner] = owners
    if (owners.length === 1 && owner !== undefined) {
      const statement = this.#statement(`one pairs ${key}`, () => selectPairs(pairs(), 'one'))
      return (await this.connection.all(statement, owner, limit)) as [Id, Id][]
    }
    return (await this.#ofOwners(`pairs ${key}`, bounded => selectPairs(pairs(), bounded), owners, limit)) as [Id, Id][]
  }

  /**
   * What belongs to several owners, at most `limit` each. Usually all of it together is no more than that, so it is asked
   * for first.
   */
  async #ofOwners(
    key: string,
    make: (bounded: Bounded) => Compiled,
    owners: readonly Id[],
    limit: number | null,
  ): Promise<Row[]> {
    const list = jsonList(owners)
    const statement = (bounded: Bounded): NamedStatement => this.#statement(`${bounded} ${key}`, () => make(bounded))
    if (limit === null) return this.connection.all(statement('all'), list)
    const found = await this.connection.all(statement('together'), list, limit + 1)
    return found.length <= limit ? found : this.connection.all(statement('each'), list, limit)
  }

  async childRows(via: OneField, parents: readonly Id[], limit: number | null, room?: Room): Promise<Row[]> {
    if (parents.length === 0) return []
    const layout = this.#layout(via.owner)
    const make = (bounded: Bounded): Compiled => selectChildRows(via, layout, bounded)
    return decodeAll(layout, within(room, await this.#ofOwners(`children ${keyOf(via)}`, make, parents, limit)))
  }

  async pairRows(
    join: Join,
    from: 'a' | 'b',
    owners: readonly Id[],
    limit: number | null,
    room?: Room,
  ): Promise<[Id, Row][]> {
    if (owners.length === 0) return []
    const layout = this.#layout(from === 'a' ? join.b.resource : join.a.resource)
    const make = (bounded: Bounded): Compiled => selectPairRows(join, from, layout, bounded)
    const rows = within(room, await this.#ofOwners(`rows ${from} ${join.table}`, make, owners, limit))
    return decodeAll(layout, rows).map(row => [row.pop() as Id, row])
  }

  async childCounts(via: OneField, parents: readonly Id[], visits?: Visits): Promise<[Id, number][]> {
    const pairs = (): PairTable => childPairs(via, this.#layout(via.owner))
    return this.#counts(via.owner, keyOf(via), pairs, parents, visits)
  }

  async pairCounts(join: Join, from: 'a' | 'b', owners: readonly Id[], visits?: Visits): Promise<[Id, number][]> {
    const pairs = (): PairTable => joinPairs(join, from, postgresDialect)
    return this.#counts(join[from].resource, `${from} ${join.table}`, pairs, owners, visits)
  }

  async #counts(
    resource: Resource,
    key: string,
    pairs: () => PairTable,
    owners: readonly Id[],
    visits: Visits | undefined,
  ): Promise<[Id, number][]> {
    if (owners.length === 0) return []
    const statement = this.#statement(`counts ${key}`, () => countPairs(pairs()))
    const counts = (await this.connection.all(statement, jsonList(owners))) as [Id, number][]
    const most = visits?.most ?? Infinity
    if (counts.reduce((sum, [, count]) => sum + count, 0) > most)
      throw tooManyVisits(resource, { where: everything, sort: [] }, most)
    const { compare } = pairs().of.idType
    return counts.toSorted(([a], [b]) => compare(a, b))
  }

  async find(resource: Resource, slots: readonly number[], values: readonly Value[]): Promise<Row | undefined> {
    const layout = this.#layout(resource)
    const { key, values: binds } = shapeOfKey(layout, this.state.layouts, slots, values)
    const statement = this.#statement(key, () =>
      findRow(
        layout,
        slots.map((slot, i) => ({ field: fieldAt(layout, slot), isNull: (values[i] ?? null) === null })),
      ),
    )
    const [row] = await this.connection.all(statement, ...binds)
    return decode(layout, row)
  }
}

/** The rows that have room. They are loaded all the same: the driver has no other way. */
const within = (room: Room | undefined, rows: Row[]): Row[] => (room === undefined ? rows : room.fill(rows))

const keyOf = (via: OneField): string => `${via.owner.name} ${via.slot}`
