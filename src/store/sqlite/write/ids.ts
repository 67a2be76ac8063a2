import type { Id, Resource } from '../../../model/model.ts'
import { highestId } from '../../sql/statements/rows.ts'
import type { Connection } from '../connection.ts'
import type { MetaTable } from '../log/meta.ts'
import { sqliteDialect } from '../sqlite-dialect.ts'

/**
 * Hands out integer ids, none of them twice. The highest id stays in memory whatever is rolled back. It is stored when a row is
 * deleted, because the table alone would then not show that the id was used.
 */
export class IdCounters {
  readonly #connection: Connection
  readonly #meta: MetaTable
  readonly #highest = new Map<Resource, number>()
  /** The ids that are stored, or will be with the current transaction. */
  readonly #marked = new Map<Resource, number>()
  /** Resources whose highest id has to be read again. */
  #stale = new Set<Resource>()

  constructor(connection: Connection, meta: MetaTable) {
    this.#connection = connection
    this.#meta = meta
  }

  next(resource: Resource): number {
    const id = this.#top(resource) + 1
    this.#highest.set(resource, id)
    return id
  }

  reserve(resource: Resource, id: number): void {
    if (id > this.#top(resource)) this.#highest.set(resource, id)
  }

  /** Called when a row was created. Until ids are asked for, the table itself shows the highest. */
  used(resource: Resource, id: unknown): void {
    const known = this.#highest.get(resource)
    if (known !== undefined && typeof id === 'number' && id > known) this.#highest.set(resource, id)
  }

  /** The ids handed out so far, for work that may have to start over. */
  save(): ReadonlyMap<Resource, number> {
    return new Map(this.#highest)
  }

  restore(saved: ReadonlyMap<Resource, number>): void {
    this.#highest.clear()
    for (const [resource, id] of saved) this.#highest.set(resource, id)
    this.forget()
  }

  /** Called when a row is deleted: its id must not be used again. */
  mark({ resource, id }: { readonly resource: Resource; readonly id: Id }): void {
    const { type } = resource.id
    if (type.key !== 'integer') return
    // Another program may have made the row, and deleted it.
    if (typeof id === 'number') this.reserve(resource, id)
    const top = this.#top(resource)
    if (this.#marked.get(resource) === top) return
    this.#meta.set(`id:${resource.name}`, String(top))
    this.#marked.set(resource, top)
  }

  /** Called when other processes may have created rows, or when something was rolled back. */
  forget(): void {
    this.#marked.clear()
    this.#stale = new Set(this.#highest.keys())
  }

  #top(resource: Resource): number {
    const known = this.#highest.get(resource)
    if (known !== undefined && !this.#stale.has(resource)) return known
    const statement = this.#connection.cached(`highest ${resource.name}`, () => highestId(resource, sqliteDialect))
    const stored = Number(statement.get()?.[0] ?? 0)
    const marked = Number(this.#meta.get(`id:${resource.name}`) ?? 0)
    const top = Math.max(known ?? 0, stored, marked, 0)
    this.#highest.set(resource, top)
    this.#stale.delete(resource)
    return top
  }
}
