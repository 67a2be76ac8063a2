import type { Id, Join, OneField, Resource, Row, Value } from '../../../model/model.ts'
import { everything, type Predicate } from '../../../query/predicate.ts'
import type { Room } from '../../room.ts'
import type { LinkChange, Published, RowChange, Select, Transaction, Visits } from '../../store.ts'
import type { PostgresWriter } from './postgres-writer.ts'
import { depends, dependsOnOthers, isOfHead, readOfRow, type Read } from './reads.ts'

/** Thrown into a unit whose reads another one has outdated. It begins again. */
export class Outdated extends Error {}

/** The units that run side by side. They take turns, one after the other. */
export class Turns {
  #last: Promise<void> = Promise.resolve()
  #reading: number
  readonly #allHaveRead = Promise.withResolvers<void>()

  constructor(units: number) {
    this.#reading = units
  }

  /** Called once by each unit, when it has read what it reads side by side. Resolves when all have. */
  hasRead(): Promise<void> {
    if (--this.#reading === 0) this.#allHaveRead.resolve()
    return this.#allHaveRead.promise
  }

  /** Resolves when it is the caller's turn, to a function that ends it. */
  async next(): Promise<() => void> {
    const before = this.#last
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#last = promise
    await before
    return resolve
  }
}

/**
 * The transaction as one of several units sees it that run side by side. They read at the same time, and write one after the
 * other: with its first write a unit waits for its turn, which it keeps to its end. If a unit before it has written
 * what it had read, it begins again, with the turn. So each of them could as well have run alone, in the order of their turns.
 */
export class SideUnit implements Transaction {
  readonly #writer: PostgresWriter
  readonly #turns: Turns
  readonly #reads: (readonly [read: Read, at: number])[] = []
  #end: (() => void) | null = null
  #isOutdated = false

  constructor(writer: PostgresWriter, turns: Turns) {
    this.#writer = writer
    this.#turns = turns
  }

  /** Whether the unit has to begin again. It may have caught what it was told. */
  get isOutdated(): boolean {
    return this.#isOutdated
  }

  /** Makes all that was read part of the order of units. Throws `Outdated`. */
  async takeTurn(): Promise<void> {
    if (this.#isOutdated) throw new Outdated()
    if (this.#end !== null) return
    if (this.#writer.base.isLate) await this.#turns.hasRead()
    await this.#writer.settled()
    this.#end = await this.#turns.next()
    const { written, base } = this.#writer
    this.#isOutdated = this.#reads.some(([read, at]) => {
      if (base.hasMoved && (isOfHead(read) || base.others === null || dependsOnOthers(read, base.others))) return true
      for (let i = at; i < written.length; i++) if (depends(read, written[i]!)) return true
      return false
    })
    if (this.#isOutdated) throw new Outdated()
    this.#writer.start(false)
  }

  /** Called before the unit begins again. Nobody else has a turn meanwhile. */
  begin(): void {
    this.#isOutdated = false
    this.#reads.length = 0
    this.#writer.start(false)
  }

  endTurn(): void {
    this.#end?.()
    this.#end = null
  }

  /** Notes what is read, unless nobody else can write any more. */
  #reading(read: Read): PostgresWriter {
    if (this.#isOutdated) throw new Outdated()
    if (this.#end === null) this.#reads.push([read, this.#writer.written.length])
    return this.#writer
  }

  async #writing(): Promise<PostgresWriter> {
    await this.takeTurn()
    return this.#writer
  }

  get position(): number {
    return this.#reading({ of: 'head' }).position
  }

  changed(resource: Resource): number {
    return this.#reading({ of: 'resource', resource }).changed(resource)
  }

  async get(resource: Resource, id: Id): Promise<Row | undefined> {
    return this.#reading(readOfRow(resource, id)).get(resource, id)
  }

  async many(resource: Resource, ids: readonly Id[], room?: Room): Promise<Row[]> {
    return this.#reading({ of: 'rows', resource, ids: new Set(ids) }).many(resource, ids, room)
  }

  async select(resource: Resource, select: Select): Promise<Row[]> {
    return this.#reading({ of: 'all' }).select(resource, select)
  }

  async count(resource: Resource, where: Predicate, visits?: Visits): Promise<number> {
    const read: Read = where === everything ? { of: 'members', resource } : { of: 'all' }
    return this.#reading(read).count(resource, where, visits)
  }

  async children(via: OneField, parents: readonly Id[], limit: number | null, visits?: Visits): Promise<[Id, Id][]> {
    return this.#reading(childrenOf(via, parents)).children(via, parents, limit, visits)
  }

  async pairs(
    join: Join,
    from: 'a' | 'b',
    owners: readonly Id[],
    limit: number | null,
    visits?: Visits,
  ): Promise<[Id, Id][]> {
    return this.#reading(pairsOf(join, from, owners)).pairs(join, from, owners, limit, visits)
  }

  async childRows(via: OneField, parents: readonly Id[], limit: number | null, room?: Room): Promise<Row[]> {
    return this.#reading(childrenOf(via, parents)).childRows(via, parents, limit, room)
  }

  async pairRows(
    join: Join,
    from: 'a' | 'b',
    owners: readonly Id[],
    limit: number | null,
    room?: Room,
  ): Promise<[Id, Row][]> {
    return this.#reading(pairsOf(join, from, owners)).pairRows(join, from, owners, limit, room)
  }

  async childCounts(via: OneField, parents: readonly Id[], visits?: Visits): Promise<[Id, number][]> {
    return this.#reading(childrenOf(via, parents)).childCounts(via, parents, visits)
  }

  async pairCounts(join: Join, from: 'a' | 'b', owners: readonly Id[], visits?: Visits): Promise<[Id, number][]> {
    return this.#reading(pairsOf(join, from, owners)).pairCounts(join, from, owners, visits)
  }

  async find(resource: Resource, slots: readonly number[], values: readonly Value[]): Promise<Row | undefined> {
    return this.#reading({ of: 'key', resource, slots, values }).find(resource, slots, values)
  }

  async recall(key: string): Promise<string | undefined> {
    return this.#reading({ of: 'text', key }).recall(key)
  }

  nextId(resource: Resource): Promise<number> {
    return this.#writer.nextId(resource)
  }

  reserve(resource: Resource, id: number): void {
    this.#writer.reserve(resource, id)
  }

  async apply(changes: readonly RowChange[], links: readonly LinkChange[]): Promise<void> {
    return (await this.#writing()).apply(changes, links)
  }

  async publish(uri: string, op: Published['op'], body: string | null): Promise<number> {
    return (await this.#writing()).publish(uri, op, body)
  }

  async keep(key: string, text: string, until: number): Promise<void> {
    return (await this.#writing()).keep(key, text, until)
  }
}

const childrenOf = (via: OneField, parents: readonly Id[]): Read => ({ of: 'children', via, parents: new Set(parents) })

const pairsOf = (join: Join, from: 'a' | 'b', owners: readonly Id[]): Read => ({
  of: 'pairs',
  join,
  from,
  owners: new Set(owners),
})
