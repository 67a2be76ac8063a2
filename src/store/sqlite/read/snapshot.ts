import { getOrThrow } from '../../../protocol/get-or-throw.ts'
import { ID, type Id, type Join, type OneField, type Resource, type Row, type Value } from '../../../model/model.ts'
import type { Predicate } from '../../../query/predicate.ts'
import type { Compiled } from '../../sql/kysely.ts'
import { decode, decodeAll, fieldAt, type Layout, type Layouts } from '../../sql/layout.ts'
import { keyBinds } from '../../sql/key.ts'
import { jsonList } from '../../sql/leaf.ts'
import { shapeOfCount, shapeOfKey, shapeOfList } from '../../sql/shape.ts'
import {
  childPairs,
  joinPairs,
  selectChildRows,
  selectPairRows,
  selectPairs,
  type Bounded,
  type PairTable,
} from '../../sql/statements/related.ts'
import { countRows, findRow, getRow, getRows, selectRows } from '../../sql/statements/rows.ts'
import { isServed } from './served.ts'
import { Room } from '../../room.ts'
import type { QueryPlan, Select, Snapshot, UnindexedQuery, Visits } from '../../store.ts'
import type { Maybe } from '../../work.ts'
import type { Connection, Statement } from '../connection.ts'
import { sqliteDialect } from '../sqlite-dialect.ts'
import { WantedIndexes } from '../../sql/wanted-indexes.ts'
import { selectInOrder } from './select-in-order.ts'
import { countIn, VisitingReads, type PairsOfOwners, type ScanStarter, type VisitPlans } from './visiting.ts'

/** The positions that the reads of a connection have. The store keeps them. */
export interface Positions {
  readonly position: number
  changed(resource: Resource): number
}

/** Reads through a connection, in whatever transaction is open on it. */
export class Reader implements Snapshot {
  readonly connection: Connection
  protected readonly layouts: Layouts
  readonly #positions: Positions
  /** The statements that get a row by its id, prepared when they are first needed. */
  readonly #gets = new Map<Resource, Statement>()
  readonly #visiting: VisitingReads
  readonly #wanted: WantedIndexes = new WantedIndexes()

  constructor(connection: Connection, layouts: Layouts, positions: Positions, scans: ScanStarter = 'here') {
    this.connection = connection
    this.layouts = layouts
    this.#positions = positions
    this.#visiting = new VisitingReads(connection, positions, scans)
  }

  get position(): number {
    return this.#positions.position
  }

  changed(resource: Resource): number {
    return this.#positions.changed(resource)
  }

  get(resource: Resource, id: Id): Row | undefined {
    const layout = getOrThrow(this.layouts, resource)
    const statement = this.#gets.get(resource) ?? this.#prepareGet(layout)
    if (layout.hasPlainId) return decode(layout, statement.get(id))
    const binds = keyBinds(layout, id)
    const row = binds === null ? undefined : decode(layout, statement.get(...binds))
    // A column of numbers finds 7 by "07" as well, but a row has one id.
    return row?.[ID] === id ? row : undefined
  }

  #prepareGet(layout: Layout): Statement {
    const statement = this.connection.prepare(getRow(layout))
    this.#gets.set(layout.resource, statement)
    return statement
  }

  many(resource: Resource, ids: readonly Id[], room?: Room): Row[] {
    if (ids.length === 0) return []
    const layout = getOrThrow(this.layouts, resource)
    if (ids.length === 1 || layout.key !== null) {
      const rows = ids.map(id => this.get(resource, id)).filter(row => row !== undefined)
      return rows.toSorted((a, b) => resource.idType.compare(a[ID] as Id, b[ID] as Id))
    }
    const statement = this.connection.cached(`many ${resource.name}`, () => getRows(layout))
    const list = jsonList(ids)
    if (room === undefined || !room.has(ids.length * layout.mostBytes))
      return decodeAll(layout, statement.within(room, list))
    const rows = statement.all(list)
    room.take(rows, layout.mostBytes)
    return decodeAll(layout, rows)
  }

  /** Runs a query. The SQL text is cached by the query's shape, so requests build none. */
  select(resource: Resource, select: Select): Maybe<Row[]> {
    const layout = getOrThrow(this.layouts, resource)
    const { cursor, limit } = select
    const { shape, compared } = shapeOfList(layout, this.layouts, select)
    const plans: VisitPlans = {
      compared,
      make: isCounted => {
        this.#wanted.note(resource, select)
        return selectRows(layout, this.layouts, select, { isCounted })
      },
      isServed: plan => isServed(plan, select),
      inOrder: () => selectInOrder(this.connection, layout, this.layouts, select),
    }
    // Where all rows have room anyway, SQLite gives them all at once.
    const isRoomy = select.room === undefined || (limit ?? Infinity) * layout.mostBytes <= select.room.left
    const found = this.#visiting.all(resource, shape, plans, isRoomy ? { ...select, room: undefined } : select)
    return found instanceof Promise
      ? found.then(rows => inOrder(decodeAll(layout, rows), cursor))
      : inOrder(decodeAll(layout, found), cursor)
  }

  explain(resource: Resource, select: Select): QueryPlan {
    const layout = getOrThrow(this.layouts, resource)
    const compiled = selectRows(layout, this.layouts, select)
    const { values } = shapeOfList(layout, this.layouts, select).shape
    const placed = this.connection.prepare(compiled).placed(values)
    return { sql: compiled.sql, values: placed, steps: this.connection.planOf(compiled) }
  }

  get unindexed(): readonly UnindexedQuery[] {
    return this.#wanted.list
  }

  count(resource: Resource, where: Predicate, visits?: Visits): Maybe<number> {
    const layout = getOrThrow(this.layouts, resource)
    const shape = shapeOfCount(layout, this.layouts, where)
    const plans: VisitPlans = {
      compared: shape.values.length,
      make: isCounted => countRows(layout, this.layouts, where, isCounted),
      // SQLite counts a whole table by its pages.
      isServed: () => where.kind === 'constant',
    }
    const found = this.#visiting.all(resource, shape, plans, { where, sort: [], visits })
    return found instanceof Promise ? found.then(countIn) : countIn(found)
  }

  children(via: OneField, parents: readonly Id[], limit: number | null, visits?: Visits): Maybe<[Id, Id][]> {
    const pairs = (): PairTable => childPairs(via, getOrThrow(this.layouts, via.owner))
    return this.#pairs(via.owner, { key: keyOf(via), pairs, owners: parents }, limit, visits)
  }

  pairs(join: Join, from: 'a' | 'b', owners: readonly Id[], limit: number | null, visits?: Visits): Maybe<[Id, Id][]> {
    getOrThrow(this.layouts, join[from].resource)
    const pairs = (): PairTable => joinPairs(join, from, sqliteDialect)
    return this.#pairs(join[from].resource, { key: `${from} ${join.table}`, pairs, owners }, limit, visits)
  }

  #pairs(resource: Resource, of: PairsOfOwners, limit: number | null, visits?: Visits): Maybe<[Id, Id][]> {
    const { key, pairs, owners } = of
    if (owners.length === 0) return []
    if (limit === null && visits !== undefined) {
      const together = this.connection.cached(`together pairs ${key}`, () => selectPairs(pairs(), 'together'))
      return this.#visiting.pairs(resource, together, owners, visits)
    }
    const [owner] = owners
    if (owners.length === 1 && owner !== undefined) {
      const statement = this.connection.cached(`one pairs ${key}`, () => selectPairs(pairs(), 'one'))
      return statement.all(owner, limit ?? -1) as [Id, Id][]
    }
    return this.#ofOwners(`pairs ${key}`, bounded => selectPairs(pairs(), bounded), { owners, limit }) as [Id, Id][]
  }

  /**
   * What belongs to several owners, at most `limit` each. Usually all of it together is no more than that. Asking for that
   * first costs a third of asking one owner at a time.
   */
  #ofOwners(
    key: string,
    make: (bounded: Bounded) => Compiled,
    { owners, limit, room, mostBytes = 0 }: OfOwners,
  ): Row[] {
    const list = jsonList(owners)
    const statement = (bounded: Bounded): Statement => this.connection.cached(`${bounded} ${key}`, () => make(bounded))
    if (limit === null) return statement('all').within(room, list)
    // Where all of them have room anyway, SQLite gives them all at once.
    const first = room === undefined || room.has((limit + 1) * mostBytes) ? undefined : new Room(room.left)
    const found = statement('together').within(first, list, limit + 1)
    if (found.length <= limit) {
      if (first) room!.settle(first)
      else room?.take(found, mostBytes)
      return found
    }
    if (room === undefined) return statement('each').all(list, limit)
    return statement('unsorted').within(room, list, limit)
  }

  childRows(via: OneField, parents: readonly Id[], limit: number | null, room?: Room): Row[] {
    if (parents.length === 0) return []
    const layout = getOrThrow(this.layouts, via.owner)
    const make = (bounded: Bounded): Compiled => selectChildRows(via, layout, bounded)
    return decodeAll(
      layout,
      this.#ofOwners(`children ${keyOf(via)}`, make, { owners: parents, limit, room, mostBytes: layout.mostBytes }),
    )
  }

  pairRows(join: Join, from: 'a' | 'b', owners: readonly Id[], limit: number | null, room?: Room): [Id, Row][] {
    if (owners.length === 0) return []
    const layout = getOrThrow(this.layouts, from === 'a' ? join.b.resource : join.a.resource)
    const make = (bounded: Bounded): Compiled => selectPairRows(join, from, layout, bounded)
    const rows = this.#ofOwners(`rows ${from} ${join.table}`, make, {
      owners,
      limit,
      room,
      mostBytes: layout.mostBytes,
    })
    return decodeAll(layout, rows).map(row => [row.pop() as Id, row])
  }

  childCounts(via: OneField, parents: readonly Id[], visits?: Visits): Maybe<[Id, number][]> {
    const layout = getOrThrow(this.layouts, via.owner)
    const pairs = (): PairTable => childPairs(via, layout)
    return this.#visiting.counts(via.owner, { key: keyOf(via), pairs, owners: parents }, visits)
  }

  pairCounts(join: Join, from: 'a' | 'b', owners: readonly Id[], visits?: Visits): Maybe<[Id, number][]> {
    getOrThrow(this.layouts, join[from].resource)
    const counted = { key: `${from} ${join.table}`, pairs: () => joinPairs(join, from, sqliteDialect), owners }
    return this.#visiting.counts(join[from].resource, counted, visits)
  }

  find(resource: Resource, slots: readonly number[], values: readonly Value[]): Row | undefined {
    const layout = getOrThrow(this.layouts, resource)
    const { key, values: binds } = shapeOfKey(layout, this.layouts, slots, values)
    const statement = this.connection.cached(key, () =>
      findRow(
        layout,
        slots.map((slot, i) => ({
          field: fieldAt(layout, slot),
          isNull: (values[i] ?? null) === null,
        })),
      ),
    )
    return decode(layout, statement.get(...binds))
  }
}

/** What belongs to which owners, how much of each, and how much together. */
interface OfOwners {
  readonly owners: readonly Id[]
  readonly limit: number | null
  readonly room?: Room | undefined
  /** The most that one of them can take. */
  readonly mostBytes?: number
}

/** Before a cursor rows were read backwards. */
const inOrder = (rows: Row[], cursor: Select['cursor']): Row[] => (cursor?.before ? rows.toReversed() : rows)

const keyOf = (via: OneField): string => `${via.owner.name} ${via.slot}`
