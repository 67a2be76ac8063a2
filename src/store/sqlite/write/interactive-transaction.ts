import type { Id, Join, OneField, Resource, Row, Value } from '../../../model/model.ts'
import { ApiError } from '../../../protocol/error.ts'
import type { Predicate } from '../../../query/predicate.ts'
import type { Room } from '../../room.ts'
import type { LinkChange, Published, RowChange, Select, Transaction, Visits } from '../../store.ts'
import type { Maybe } from '../../work.ts'
import type { Writer } from './writer.ts'

const ended = (): ApiError => new ApiError('unavailable', { detail: 'the transaction has ended' })

/** A transaction in the hands of application code, which may hold on to it after its end; it then throws. */
export class TransactionHandle implements Transaction {
  readonly #writer: Writer
  #ended = false

  constructor(writer: Writer) {
    this.#writer = writer
  }

  end(): void {
    this.#ended = true
  }

  get #tx(): Writer {
    if (this.#ended) throw ended()
    return this.#writer
  }

  get position(): number {
    return this.#tx.position
  }
  changed(resource: Resource): number {
    return this.#tx.changed(resource)
  }
  get(resource: Resource, id: Id): Row | undefined {
    return this.#tx.get(resource, id)
  }
  many(resource: Resource, ids: readonly Id[], room?: Room): Row[] {
    return this.#tx.many(resource, ids, room)
  }
  select(resource: Resource, select: Select): Maybe<Row[]> {
    return this.#tx.select(resource, select)
  }
  count(resource: Resource, where: Predicate, visits?: Visits): Maybe<number> {
    return this.#tx.count(resource, where, visits)
  }
  children(via: OneField, parents: readonly Id[], limit: number | null): [Id, Id][] {
    return this.#tx.children(via, parents, limit)
  }
  pairs(join: Join, from: 'a' | 'b', owners: readonly Id[], limit: number | null): [Id, Id][] {
    return this.#tx.pairs(join, from, owners, limit)
  }
  childRows(via: OneField, parents: readonly Id[], limit: number | null, room?: Room): Row[] {
    return this.#tx.childRows(via, parents, limit, room)
  }
  pairRows(join: Join, from: 'a' | 'b', owners: readonly Id[], limit: number | null, room?: Room): [Id, Row][] {
    return this.#tx.pairRows(join, from, owners, limit, room)
  }
  childCounts(via: OneField, parents: readonly Id[], visits?: Visits): Maybe<[Id, number][]> {
    return this.#tx.childCounts(via, parents, visits)
  }
  pairCounts(join: Join, from: 'a' | 'b', owners: readonly Id[], visits?: Visits): Maybe<[Id, number][]> {
    return this.#tx.pairCounts(join, from, owners, visits)
  }
  find(resource: Resource, slots: readonly number[], values: readonly Value[]): Row | undefined {
    return this.#tx.find(resource, slots, values)
  }
  nextId(resource: Resource): number {
    return this.#tx.nextId(resource)
  }
  reserve(resource: Resource, id: number): void {
    this.#tx.reserve(resource, id)
  }
  apply(changes: readonly RowChange[], links: readonly LinkChange[]): void {
    this.#tx.apply(changes, links)
  }
  publish(uri: string, op: Published['op'], body: string | null): number {
    return this.#tx.publish(uri, op, body)
  }
  recall(key: string): string | undefined {
    return this.#tx.recall(key)
  }
  keep(key: string, text: string, until: number): void {
    this.#tx.keep(key, text, until)
  }
}

/**
 * A transaction of application code that waits for other things. It has the writer to itself until it ends or its time is over.
 */
export class Interactive {
  readonly #writer: Writer
  readonly #handle: TransactionHandle
  readonly #settle: (changed: boolean) => void
  #timer: NodeJS.Timeout | undefined
  #over = false

  /** `settle` is called when the writer is free again, before the caller's promise settles. */
  constructor(writer: Writer, settle: (changed: boolean) => void) {
    this.#writer = writer
    this.#handle = new TransactionHandle(writer)
    this.#settle = settle
  }

  /** Runs the work. The writer's transaction has already begun. */
  async run<T>(work: (tx: Transaction) => Promise<T>, milliseconds: number): Promise<T> {
    this.#writer.start(true)
    const late = Promise.withResolvers<never>()
    this.#timer = setTimeout(() => {
      this.#end(false)
      late.reject(new ApiError('unavailable', { detail: `the transaction took longer than ${milliseconds} ms` }))
    }, milliseconds)
    let value: T
    try {
      value = await Promise.race([work(this.#handle), late.promise])
    } catch (error) {
      this.#end(false)
      throw error
    }
    const failure = this.#over ? ended() : this.#end(true)
    if (failure !== null) throw failure
    return value
  }

  /** Rolls back, because the store closes. */
  abort(): void {
    this.#end(false)
  }

  #end(keep: boolean): ApiError | null {
    if (this.#over) return null
    this.#over = true
    clearTimeout(this.#timer)
    this.#handle.end()
    let failure: ApiError | null = null
    let changed = false
    try {
      if (keep) changed = this.#writer.commit()
      else this.#writer.rollback()
    } catch (error) {
      this.#writer.rollback()
      failure = this.#writer.failure(error)
    }
    this.#settle(changed)
    return failure
  }
}
