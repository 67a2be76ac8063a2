import { getOrThrow } from '../../protocol/get-or-throw.ts'
import type { Id, Join, OneField, Resource, Row, Value } from '../../model/model.ts'
import { ID } from '../../model/model.ts'
import { orderOf, sorted } from '../../query/order.ts'
import { allOf, type Predicate } from '../../query/predicate.ts'
import type { Room } from '../../store/room.ts'
import type { Select, Snapshot, Visits } from '../../store/store.ts'
import { chain, run, wait, type Maybe, type Work } from '../../store/work.ts'
import { fulfilling, isOneOf } from './image-rules.ts'
import { compareBy, followPath, typeAt, type SortColumn } from '../read/sort-in-memory.ts'

/**
 * What was different at an earlier position: rows as they were (null if they did not exist), and links of many-to-many
 * relations.
 */
export interface Differences {
  readonly rows: ReadonlyMap<Resource, ReadonlyMap<Id, Row | null>>
  readonly pairs: ReadonlyMap<Join, readonly Pair[]>
}

export interface Pair {
  readonly a: Id
  readonly b: Id
  /** The link existed then; otherwise it did not. */
  readonly was: boolean
}

/**
 * The state at an earlier position: the present one with the changes since then undone. Conditions and sort keys that lead
 * through a relation use the related rows as they are now (see image-rules.ts).
 */
export class PastSnapshot implements Snapshot {
  readonly position: number
  readonly #now: Snapshot
  readonly #differences: Differences

  constructor(now: Snapshot, position: number, differences: Differences) {
    this.#now = now
    this.position = position
    this.#differences = differences
  }

  changed(resource: Resource): number {
    return Math.min(this.#now.changed(resource), this.position)
  }

  get(resource: Resource, id: Id): Maybe<Row | undefined> {
    const was = this.#rows(resource).get(id)
    return was === undefined ? this.#now.get(resource, id) : (was ?? undefined)
  }

  many(resource: Resource, ids: readonly Id[], room?: Room): Maybe<Row[]> {
    const rows = this.#rows(resource)
    if (rows.size === 0) return this.#now.many(resource, ids, room)
    const former = ids.map(id => rows.get(id)).filter(row => row !== undefined && row !== null)
    const order = orderOf(resource.idType)
    return chain(
      this.#now.many(
        resource,
        ids.filter(id => !rows.has(id)),
        room,
      ),
      found => [...found, ...former].toSorted((x, y) => order(idOf(x), idOf(y))),
    )
  }

  select(resource: Resource, select: Select): Maybe<Row[]> {
    return this.#rows(resource).size === 0 ? this.#now.select(resource, select) : run(this.#select(resource, select))
  }

  count(resource: Resource, where: Predicate, visits?: Visits): Maybe<number> {
    if (this.#rows(resource).size === 0) return this.#now.count(resource, where, visits)
    return run(this.#count(resource, where, visits))
  }

  // Unchanged rows are counted by the store, changed ones are evaluated in memory.
  *#count(resource: Resource, where: Predicate, visits?: Visits): Work<number> {
    const same = yield* wait(this.#now.count(resource, allOf(where, this.#unchanged(resource)), visits))
    return same + (yield* fulfilling(this.#now, resource, where, this.#former(resource))).length
  }

  *#select(resource: Resource, select: Select): Work<Row[]> {
    const { where, sort, limit, offset, cursor } = select
    const former = yield* fulfilling(this.#now, resource, where, this.#former(resource))
    // The rows to skip are only known when both parts are merged, so each part has to bring them.
    const narrow = {
      ...select,
      where: allOf(where, this.#unchanged(resource)),
      limit: limit === null ? null : offset + limit,
      offset: 0,
    }
    const same = yield* wait(this.#now.select(resource, narrow))
    const found = [...same, ...former]
    const columns: SortColumn[] = []
    for (const { path, descending } of sort) {
      const values = yield* followPath(this.#now, resource, path, found)
      columns.push({ order: sorted(orderOf(typeAt(resource, path)), descending), values })
    }
    if (!sort.some(({ path }) => path.length === 1 && path[0] === resource.id.name))
      columns.push({ order: orderOf(resource.idType), values: new Map(found.map(row => [row, idOf(row)])) })
    const rows = found
      .filter(row => !cursor || isBeyond(columns, row, cursor))
      .toSorted((x, y) => compareBy(columns, x, y))
    if (select.room?.isFull) {
      // Behind the last row that was loaded, the rows between the changed ones are missing.
      const isBackwards = cursor?.before ?? false
      const last = rows.indexOf(isBackwards ? same[0]! : same.at(-1)!)
      return isBackwards ? rows.slice(last) : rows.slice(offset, last + 1)
    }
    if (limit === null) return rows.slice(offset)
    // Before a cursor, the page is the last part of what was found, not the first.
    return cursor?.before ? rows.slice(Math.max(0, rows.length - limit)) : rows.slice(offset, offset + limit)
  }

  children(via: OneField, parents: readonly Id[], limit: number | null, visits?: Visits): Maybe<[Id, Id][]> {
    const rows = this.#rows(via.owner)
    if (rows.size === 0) return this.#now.children(via, parents, limit, visits)
    const former = this.#childrenOf(via, parents).map((row): [Id, Id] => [row[via.slot] as Id, idOf(row)])
    const [byParent, byId] = [orderOf(via.type), orderOf(via.owner.idType)]
    // Of one parent's rows, at most those that changed can be wrong, so this many more are enough.
    return chain(this.#now.children(via, parents, limit === null ? null : limit + rows.size, visits), found => {
      const all = [...found.filter(([, id]) => !rows.has(id)), ...former].toSorted(
        (x, y) => byParent(x[0], y[0]) || byId(x[1], y[1]),
      )
      return limit === null ? all : firstOfEach(all, ([parent]) => parent, limit)
    })
  }

  childRows(via: OneField, parents: readonly Id[], limit: number | null, room?: Room): Maybe<Row[]> {
    const rows = this.#rows(via.owner)
    if (rows.size === 0) return this.#now.childRows(via, parents, limit, room)
    const parentOf = (row: Row): Id => row[via.slot] as Id
    const former = this.#childrenOf(via, parents)
    const [byParent, byId] = [orderOf(via.type), orderOf(via.owner.idType)]
    return chain(this.#now.childRows(via, parents, limit === null ? null : limit + rows.size, room), found => {
      const all = [...found.filter(row => !rows.has(idOf(row))), ...former].toSorted(
        (x, y) => byParent(parentOf(x), parentOf(y)) || byId(idOf(x), idOf(y)),
      )
      return limit === null ? all : firstOfEach(all, parentOf, limit)
    })
  }

  childCounts(via: OneField, parents: readonly Id[], visits?: Visits): Maybe<[Id, number][]> {
    if (this.#rows(via.owner).size === 0) return this.#now.childCounts(via, parents, visits)
    return chain(this.children(via, parents, null, visits), counted)
  }

  pairs(join: Join, from: 'a' | 'b', owners: readonly Id[], limit: number | null, visits?: Visits): Maybe<[Id, Id][]> {
    const changed = this.#differences.pairs.get(join)
    if (!changed) return this.#now.pairs(join, from, owners, limit, visits)
    const to = from === 'a' ? 'b' : 'a'
    const [byOwner, byOther] = [orderOf(join[from].resource.idType), orderOf(join[to].resource.idType)]
    return chain(this.#now.pairs(join, from, owners, null, visits), found => {
      const differing = new Set(changed.map(pair => keyOf(pair[from], pair[to])))
      const wanted = new Set(owners)
      const former = changed
        .filter(pair => pair.was && wanted.has(pair[from]))
        .map((pair): [Id, Id] => [pair[from], pair[to]])
      const all = [...found.filter(([owner, other]) => !differing.has(keyOf(owner, other))), ...former].toSorted(
        (x, y) => byOwner(x[0], y[0]) || byOther(x[1], y[1]),
      )
      return limit === null ? all : firstOfEach(all, ([owner]) => owner, limit)
    })
  }

  pairRows(join: Join, from: 'a' | 'b', owners: readonly Id[], limit: number | null, room?: Room): Maybe<[Id, Row][]> {
    return run(this.#pairRows(join, from, { owners, limit, room }))
  }

  *#pairRows(
    join: Join,
    from: 'a' | 'b',
    { owners, limit, room }: { owners: readonly Id[]; limit: number | null; room: Room | undefined },
  ): Work<[Id, Row][]> {
    const pairs = yield* wait(this.pairs(join, from, owners, limit))
    const target = join[from === 'a' ? 'b' : 'a'].resource
    const rows = yield* wait(this.many(target, [...new Set(pairs.map(([, other]) => other))], room))
    const byId = new Map(rows.map(row => [row[ID] as Id, row]))
    return pairs.filter(([, other]) => byId.has(other)).map(([owner, other]) => [owner, getOrThrow(byId, other)])
  }

  pairCounts(join: Join, from: 'a' | 'b', owners: readonly Id[], visits?: Visits): Maybe<[Id, number][]> {
    if (!this.#differences.pairs.has(join)) return this.#now.pairCounts(join, from, owners, visits)
    return chain(this.pairs(join, from, owners, null, visits), counted)
  }

  find(): never {
    throw new TypeError('rows of the past are not found by their keys: nothing can be written there')
  }

  #rows(resource: Resource): ReadonlyMap<Id, Row | null> {
    return this.#differences.rows.get(resource) ?? none
  }

  /** The changed rows, as they were. */
  #former(resource: Resource): Row[] {
    return [...this.#rows(resource).values()].filter(row => row !== null)
  }

  /** The changed rows that belonged to some parents. */
  #childrenOf(via: OneField, parents: readonly Id[]): Row[] {
    const wanted = new Set<Value>(parents)
    return this.#former(via.owner).filter(row => wanted.has(row[via.slot] ?? null))
  }

  /** Matches the rows that have not changed since. */
  #unchanged(resource: Resource): Predicate {
    return isOneOf(resource, [...this.#rows(resource).keys()], true)
  }
}

const none: ReadonlyMap<Id, Row | null> = new Map()

const idOf = (row: Row): Id => row[ID] as Id

/** Whether a row is on the wanted side of a cursor. */
function isBeyond(columns: readonly SortColumn[], row: Row, { before, keys }: NonNullable<Select['cursor']>): boolean {
  for (const [i, { order, values }] of columns.entries()) {
    const sign = order(getOrThrow(values, row), keys[i] ?? null)
    if (sign !== 0) return before ? sign < 0 : sign > 0
  }
  return false
}

const keyOf = (owner: Id, other: Id): string => `${typeof owner}${owner}\n${typeof other}${other}`

function firstOfEach<T>(items: readonly T[], owner: (item: T) => Id, limit: number): T[] {
  const taken = new Map<Id, number>()
  return items.filter(item => {
    const before = taken.get(owner(item)) ?? 0
    taken.set(owner(item), before + 1)
    return before < limit
  })
}

function counted(pairs: readonly (readonly [Id, unknown])[]): [Id, number][] {
  const counts = new Map<Id, number>()
  for (const [owner] of pairs) counts.set(owner, (counts.get(owner) ?? 0) + 1)
  return [...counts]
}
