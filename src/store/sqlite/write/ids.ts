import type { Resource } from '../../../model/model.ts'
import { highestId } from '../../sql/statements.ts'
import type { Connection } from '../connection.ts'
import type { Meta } from '../log/meta.ts'

/**
 * Hands out integer ids, none twice: the highest stays in memory whatever is rolled back, and is written
 * down when a row is deleted, since the table alone would then forget that the id was used.
 */
export class Ids {
  readonly #connection: Connection
  readonly #meta: Meta
  readonly #highest = new Map<Resource, number>()
  /** What is written down and committed, or is about to be. */
  readonly #marked = new Map<Resource, number>()
  #stale = new Set<Resource>()

  constructor(connection: Connection, meta: Meta) {
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

  /** A row was made; as long as nobody asked, the table itself tells the highest. */
  used(resource: Resource, id: unknown): void {
    const known = this.#highest.get(resource)
    if (known !== undefined && typeof id === 'number' && id > known) this.#highest.set(resource, id)
  }

  /** What was handed out so far, to be taken back by work that runs again from its start. */
  save(): ReadonlyMap<Resource, number> {
    return new Map(this.#highest)
  }

  restore(saved: ReadonlyMap<Resource, number>): void {
    this.#highest.clear()
    for (const [resource, id] of saved) this.#highest.set(resource, id)
    this.forget()
  }

  /** Before a row goes: its id must not come back. */
  mark(resource: Resource): void {
    const { type } = resource.id
    if (type.key !== 'integer') return
    const top = this.#top(resource)
    if (this.#marked.get(resource) === top) return
    this.#meta.set(`id:${resource.name}`, String(top))
    this.#marked.set(resource, top)
  }

  /** Others may have made rows, or what was written down was rolled back. */
  forget(): void {
    this.#marked.clear()
    this.#stale = new Set(this.#highest.keys())
  }

  #top(resource: Resource): number {
    const known = this.#highest.get(resource)
    if (known !== undefined && !this.#stale.has(resource)) return known
    const statement = this.#connection.cached(`highest ${resource.name}`, () => highestId(resource))
    const stored = Number(statement.get()?.[0] ?? 0)
    const marked = Number(this.#meta.get(`id:${resource.name}`) ?? 0)
    const top = Math.max(known ?? 0, stored, marked, 0)
    this.#highest.set(resource, top)
    this.#stale.delete(resource)
    return top
  }
}
