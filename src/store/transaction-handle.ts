import type { Id, Join, OneField, Resource, Row, Value } from '../model/model.ts'
import { ApiError } from '../protocol/error.ts'
import type { Predicate } from '../query/predicate.ts'
import type { Room } from './room.ts'
import type { LinkChange, Published, RowChange, Select, Transaction, Visits } from './store.ts'
import type { Maybe } from './work.ts'

/** The error of a transaction that is used after its end. */
export const transactionEnded = (): ApiError => new ApiError('unavailable', { detail: 'the transaction has ended' })

/** A transaction in the hands of application code, which may hold on to it after its end; it then throws. */
export class TransactionHandle implements Transaction {
  readonly #inner: Transaction
  #ended = false

  constructor(inner: Transaction) {
    this.#inner = inner
  }

  end(): void {
    this.#ended = true
  }

  get #tx(): Transaction {
    if (this.#ended) throw transactionEnded()
    return this.#inner
  }

  get position(): number {
    return this.#tx.position
  }
  changed(resource: Resource): number {
    return this.#tx.changed(resource)
  }
  get(resource: Resource, id: Id): Maybe<Row | undefined> {
    return this.#tx.get(resource, id)
  }
  many(resource: Resource, ids: readonly Id[], room?: Room): Maybe<Row[]> {
    return this.#tx.many(resource, ids, room)
  }
  select(resource: Resource, select: Select): Maybe<Row[]> {
    return this.#tx.select(resource, select)
  }
  count(resource: Resource, where: Predicate, visits?: Visits): Maybe<number> {
    return this.#tx.count(resource, where, visits)
  }
  children(via: OneField, parents: readonly Id[], limit: number | null, visits?: Visits): Maybe<[Id, Id][]> {
    return this.#tx.children(via, parents, limit, visits)
  }
  pairs(join: Join, from: 'a' | 'b', owners: readonly Id[], limit: number | null, visits?: Visits): Maybe<[Id, Id][]> {
    return this.#tx.pairs(join, from, owners, limit, visits)
  }
  childRows(via: OneField, parents: readonly Id[], limit: number | null, room?: Room): Maybe<Row[]> {
    return this.#tx.childRows(via, parents, limit, room)
  }
  pairRows(join: Join, from: 'a' | 'b', owners: readonly Id[], limit: number | null, room?: Room): Maybe<[Id, Row][]> {
    return this.#tx.pairRows(join, from, owners, limit, room)
  }
  childCounts(via: OneField, parents: readonly Id[], visits?: Visits): Maybe<[Id, number][]> {
    return this.#tx.childCounts(via, parents, visits)
  }
  pairCounts(join: Join, from: 'a' | 'b', owners: readonly Id[], visits?: Visits): Maybe<[Id, number][]> {
    return this.#tx.pairCounts(join, from, owners, visits)
  }
  find(resource: Resource, slots: readonly number[], values: readonly Value[]): Maybe<Row | undefined> {
    return this.#tx.find(resource, slots, values)
  }
  nextId(resource: Resource): Maybe<number> {
    return this.#tx.nextId(resource)
  }
  reserve(resource: Resource, id: number): void {
    this.#tx.reserve(resource, id)
  }
  apply(changes: readonly RowChange[], links: readonly LinkChange[]): Maybe<void> {
    return this.#tx.apply(changes, links)
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
