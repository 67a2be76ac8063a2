import type { Id, Join, OneField, Resource, Row, Value } from '../../../model/model.ts'
import type { Predicate } from '../../../query/predicate.ts'
import type { Bind } from '../../sql/codec.ts'
import type { Compiled } from '../../sql/kysely.ts'
import type { Layout, Layouts } from '../../sql/layout.ts'
import { jsonList } from '../../sql/leaf.ts'
import { shapeCursor, shapePredicate, shapeSort, totalSort, type Shape } from '../../sql/shape.ts'
import {
  childPairs,
  countPairs,
  countRows,
  findRow,
  getRow,
  getRows,
  isLiteral,
  joinPairs,
  selectChildRows,
  selectOthers,
  selectPairRows,
  selectPairs,
  selectRows,
  type Bounded,
  type Pairs,
} from '../../sql/statements.ts'
import type { Select, Snapshot } from '../../store.ts'
import type { Connection, Statement } from '../connection.ts'

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
  readonly #get = new Map<Resource, Statement>()

  constructor(connection: Connection, layouts: Layouts, positions: Positions) {
    this.connection = connection
    this.layouts = layouts
    this.#positions = positions
  }

  get position(): number {
    return this.#positions.position
  }

  changed(resource: Resource): number {
    return this.#positions.changed(resource)
  }

  get(resource: Resource, id: Id): Row | undefined {
    const layout = this.layouts.get(resource)!
    let statement = this.#get.get(resource)
    if (statement === undefined) this.#get.set(resource, (statement = this.connection.prepare(getRow(layout))))
    if (layout.key !== null) return this.#getByParts(layout, statement, id)
    return decode(layout, statement.get(id))
  }

  #getByParts(layout: Layout, statement: Statement, id: Id): Row | undefined {
    const parts = String(id).split('~')
    // With a `~` in a value there are more parts than columns. Then only the joined text can be compared.
    if (parts.length !== layout.key!.length) return this.many(layout.resource, [id])[0]
    return decode(layout, statement.get(...parts))
  }

  many(resource: Resource, ids: readonly Id[]): Row[] {
    if (ids.length === 0) return []
    const layout = this.layouts.get(resource)!
    if (ids.length === 1 && layout.key === null) {
      const row = this.get(resource, ids[0]!)
      return row === undefined ? [] : [row]
    }
    const statement = this.connection.cached(`many ${resource.name}`, () => getRows(layout))
    return decodeAll(layout, statement.all(jsonList(ids)))
  }

  /** Runs a query. The SQL text is cached by the query's shape, so requests build none. */
  select(resource: Resource, select: Select): Row[] {
    const layout = this.layouts.get(resource)!
    const sort = totalSort(resource, select.sort)
    const { limit, offset, cursor } = select
    const shape: Shape = { key: `select ${resource.name} `, values: [] }
    shapePredicate(select.where, layout, this.layouts, shape)
    shapeSort(sort, shape)
    if (cursor) {
      shape.key += cursor.before ? '<' : '>'
      shapeCursor(sort, cursor.keys, layout, this.layouts, shape)
    }
    if (limit !== null) {
      if (isLiteral(limit)) shape.key += `l${limit}`
      else {
        shape.key += 'l'
        shape.values.push(limit)
      }
    }
    if (offset > 0) {
      shape.key += 'o'
      shape.values.push(offset)
    }
    const statement = this.connection.cached(shape.key, () => selectRows(layout, this.layouts, select, sort))
    const rows = decodeAll(layout, statement.all(...shape.values))
    return cursor?.before ? rows.toReversed() : rows
  }

  count(resource: Resource, where: Predicate): number {
    const layout = this.layouts.get(resource)!
    const shape: Shape = { key: `count ${resource.name} `, values: [] }
    shapePredicate(where, layout, this.layouts, shape)
    const statement = this.connection.cached(shape.key, () => countRows(layout, this.layouts, where))
    return statement.get(...shape.values)![0] as number
  }

  children(via: OneField, parents: readonly Id[], limit: number | null): [Id, Id][] {
    return this.#pairs(keyOf(via), () => childPairs(via, this.layouts.get(via.owner)!), parents, limit)
  }

  pairs(join: Join, from: 'a' | 'b', owners: readonly Id[], limit: number | null): [Id, Id][] {
    return this.#pairs(`${from} ${join.table}`, () => joinPairs(join, from), owners, limit)
  }

  #pairs(key: string, pairs: () => Pairs, owners: readonly Id[], limit: number | null): [Id, Id][] {
    if (owners.length === 0) return []
    if (owners.length === 1) {
      const statement = this.connection.cached(`others ${key}`, () => selectOthers(pairs()))
      return statement.all(owners[0]!, limit ?? -1) as [Id, Id][]
    }
    return this.#ofOwners(`pairs ${key}`, bounded => selectPairs(pairs(), bounded), owners, limit) as [Id, Id][]
  }

  /**
   * What belongs to several owners, at most `limit` each. Usually all of it together is no more than that. Asking for that
   * first costs a third of asking one owner at a time.
   */
  #ofOwners(key: string, make: (bounded: Bounded) => Compiled, owners: readonly Id[], limit: number | null): Row[] {
    const list = jsonList(owners)
    const statement = (bounded: Bounded): Statement => this.connection.cached(`${bounded} ${key}`, () => make(bounded))
    if (limit === null) return statement('all').all(list)
    const found = statement('together').all(list, limit + 1)
    return found.length <= limit ? found : statement('each').all(list, limit)
  }

  childRows(via: OneField, parents: readonly Id[], limit: number | null): Row[] {
    if (parents.length === 0) return []
    const layout = this.layouts.get(via.owner)!
    const make = (bounded: Bounded): Compiled => selectChildRows(via, layout, bounded)
    return decodeAll(layout, this.#ofOwners(`children ${keyOf(via)}`, make, parents, limit))
  }

  pairRows(join: Join, from: 'a' | 'b', owners: readonly Id[], limit: number | null): [Id, Row][] {
    if (owners.length === 0) return []
    const layout = this.layouts.get(from === 'a' ? join.b.resource : join.a.resource)!
    const make = (bounded: Bounded): Compiled => selectPairRows(join, from, layout, bounded)
    const rows = this.#ofOwners(`rows ${from} ${join.table}`, make, owners, limit)
    return decodeAll(layout, rows).map(row => [row.pop() as Id, row])
  }

  childCounts(via: OneField, parents: readonly Id[]): [Id, number][] {
    const key = keyOf(via)
    return this.#counts(key, () => childPairs(via, this.layouts.get(via.owner)!), parents)
  }

  pairCounts(join: Join, from: 'a' | 'b', owners: readonly Id[]): [Id, number][] {
    return this.#counts(`${from} ${join.table}`, () => joinPairs(join, from), owners)
  }

  #counts(key: string, pairs: () => Pairs, owners: readonly Id[]): [Id, number][] {
    if (owners.length === 0) return []
    return this.connection.cached(`counts ${key}`, () => countPairs(pairs())).all(jsonList(owners)) as [Id, number][]
  }

  find(resource: Resource, slots: readonly number[], values: readonly Value[]): Row | undefined {
    const layout = this.layouts.get(resource)!
    const binds: Bind[] = []
    let key = `find ${resource.name}`
    slots.forEach((slot, i) => {
      const value = values[i] ?? null
      key += `${value === null ? '-' : '+'}${slot}`
      if (value !== null) binds.push(layout.codecs[slot]!.encode(value))
    })
    const statement = this.connection.cached(key, () =>
      findRow(
        layout,
        slots.map((slot, i) => ({
          field: resource.columns.find(field => field.slot === slot)!,
          isNull: (values[i] ?? null) === null,
        })),
      ),
    )
    return decode(layout, statement.get(...binds))
  }
}

const keyOf = (via: OneField): string => `${via.owner.name} ${via.slot}`

/** Decodes a row in place. The array from SQLite is the row; only values that are stored in another form are replaced. */
function decode(layout: Layout, row: Row | undefined): Row | undefined {
  if (row === undefined) return undefined
  for (const [slot, decoded] of layout.decoders) {
    const value = row[slot]
    if (value !== null) row[slot] = decoded(value as Bind)
  }
  return row
}

function decodeAll(layout: Layout, rows: Row[]): Row[] {
  if (layout.decoders.length > 0) for (const row of rows) decode(layout, row)
  return rows
}
