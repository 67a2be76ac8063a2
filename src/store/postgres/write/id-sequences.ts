import { getOrThrow } from '../../../protocol/get-or-throw.ts'
import type { Resource } from '../../../model/model.ts'
import type { Layouts } from '../../sql/layout.ts'
import type { Terms } from '../../terms.ts'
import type { PostgresConnection } from '../connection.ts'
import { identifier, quoted } from '../schema/identifier.ts'
import type { Statements } from '../statements.ts'

/** From so many ids on that are asked for at once, as many more are taken for those who come next. */
const MANY = 8

/** The sequence that numbers the rows of a resource. */
export const sequenceOf = ({ table }: Resource): string => identifier(`_restuary_id_${table}`)

/**
 * Hands out integer ids from sequences, none of them twice: what a sequence has given is never taken back, whatever is rolled
 * back. Several nodes may share them; then the order of ids is not the order of commits. A node that makes many rows takes ids
 * in advance. Those that it has left when it ends are no row's.
 */
export class IdSequences {
  readonly #statements: Statements
  readonly #layouts: Layouts
  readonly #terms: Terms
  /** Ids that were taken in advance, the lowest last, by resource. */
  readonly #spare = new Map<Resource, number[]>()
  #epoch: string
  /** The highest ids that this node has seen. */
  readonly #highest = new Map<Resource, number>()
  /** Who waits for ids that are about to be asked for. */
  readonly #waiting = new Map<Resource, PromiseWithResolvers<number>[]>()

  constructor(statements: Statements, layouts: Layouts, terms: Terms) {
    this.#statements = statements
    this.#layouts = layouts
    this.#terms = terms
    this.#epoch = terms.epoch
  }

  /** The sequence that the table of another program has itself, as SQL names it; null if it has none. */
  #given(resource: Resource): string | null {
    return getOrThrow(this.#layouts, resource).postgres?.sequence ?? null
  }

  /** The name of a sequence, quoted within a text. */
  #literal(resource: Resource): string {
    return (this.#given(resource) ?? quoted(sequenceOf(resource))).replaceAll("'", "''")
  }

  /**
   * The next id. All that are asked for before the event loop goes on come with one statement. `isFresh` = none that was taken in
   * advance: somebody may have chosen it since.
   */
  next(connection: PostgresConnection, resource: Resource, isFresh: boolean): Promise<number> {
    const spare = this.#spareOf(resource, isFresh)
    if (spare !== undefined) return Promise.resolve(spare)
    const one = Promise.withResolvers<number>()
    const waiting = this.#waiting.get(resource)
    if (waiting) waiting.push(one)
    else {
      this.#waiting.set(resource, [one])
      process.nextTick(() => void this.#take(connection, resource))
    }
    return one.promise
  }

  #spareOf(resource: Resource, isFresh: boolean): number | undefined {
    // A database that was put back may give the same ids to others.
    if (this.#epoch !== this.#terms.epoch) this.#spare.clear()
    this.#epoch = this.#terms.epoch
    if (isFresh) this.#spare.delete(resource)
    return this.#spare.get(resource)?.pop()
  }

  async #take(connection: PostgresConnection, resource: Resource): Promise<void> {
    const waiting = this.#waiting.get(resource)!
    this.#waiting.delete(resource)
    try {
      const next = this.#statements.of(`select nextval('${this.#literal(resource)}') from generate_series(1, $1)`)
      const more = waiting.length < MANY ? 0 : waiting.length
      const rows = await connection.all(next, waiting.length + more)
      const ids = rows.map(([id]) => id as number)
      this.#highest.set(resource, Math.max(...ids, this.#highest.get(resource) ?? 0))
      if (more > 0) this.#spare.set(resource, ids.slice(waiting.length).toReversed())
      waiting.forEach(({ resolve }, i) => resolve(ids[i]!))
    } catch (error) {
      for (const { reject } of waiting) reject(error)
    }
  }

  /** Makes sure that higher ids follow. It is sent at once, and whatever is asked later comes after it. */
  reserve(connection: PostgresConnection, resource: Resource, id: number): void {
    if (resource.idType.key !== 'integer' || id <= (this.#highest.get(resource) ?? 0)) return
    // Whoever chooses ids beside a sequence of the table has to know what comes of it.
    if (this.#given(resource) !== null) return
    this.#highest.set(resource, id)
    const sequence = quoted(sequenceOf(resource))
    void connection.all(
      this.#statements.of(`select setval('${this.#literal(resource)}', greatest($1, last_value)) from ${sequence}`),
      id,
    )
  }
}
