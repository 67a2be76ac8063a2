import type { Resource } from '../../../model/model.ts'
import type { PostgresConnection } from '../connection.ts'
import { identifier, quoted } from '../schema/identifier.ts'
import type { Statements } from '../statements.ts'

/** The sequence that numbers the rows of a resource. */
export const sequenceOf = ({ table }: Resource): string => identifier(`_restuary_id_${table}`)

/**
 * Hands out integer ids from sequences, none of them twice: what a sequence has given is never taken back, whatever is rolled
 * back. Several nodes may share them; then the order of ids is not the order of commits.
 */
export class IdSequences {
  readonly #statements: Statements
  /** The highest ids that this node has seen. */
  readonly #highest = new Map<Resource, number>()

  constructor(statements: Statements) {
    this.#statements = statements
  }

  async next(connection: PostgresConnection, resource: Resource): Promise<number> {
    const [row] = await connection.all(this.#statements.of(`select nextval('${quoted(sequenceOf(resource))}')`))
    const id = row![0] as number
    this.#highest.set(resource, Math.max(id, this.#highest.get(resource) ?? 0))
    return id
  }

  /** Makes sure that higher ids follow. It is sent at once, and whatever is asked later comes after it. */
  reserve(connection: PostgresConnection, resource: Resource, id: number): void {
    if (resource.idType.key !== 'integer' || id <= (this.#highest.get(resource) ?? 0)) return
    this.#highest.set(resource, id)
    const sequence = quoted(sequenceOf(resource))
    void connection.all(
      this.#statements.of(`select setval('${sequence}', greatest($1, last_value)) from ${sequence}`),
      id,
    )
  }
}
