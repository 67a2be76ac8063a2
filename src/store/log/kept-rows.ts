import type { Id, Resource, Row } from '../../model/model.ts'
import type { Commit } from '../store.ts'

/** How many rows a generation holds, and how many bytes their records had in the log. */
const ROWS = 16_384
const BYTES = 16_777_216

type Rows = Map<Resource, Map<Id, Row | null>>

/**
 * The rows that the newest commits have written, as they are at the newest position that this node knows; null for those that are
 * gone. A write that expects the head to be there needs not read them. They are in two generations, of which the older one is dropped.
 */
export class KeptRows {
  #current: Rows = new Map()
  #former: Rows = new Map()
  #rows = 0
  #bytes = 0

  /** A row; undefined if it has to be read. Nobody changes it. */
  get(resource: Resource, id: Id): Row | null | undefined {
    const row = this.#current.get(resource)?.get(id)
    return row === undefined ? this.#former.get(resource)?.get(id) : row
  }

  /** Takes over what a commit has written. */
  learn({ changes, bytes = 0 }: Commit): void {
    for (const { resource, id, after, missing } of changes) {
      // Other programs write to their tables as well. And another version may not know all fields.
      if (resource.options.foreign !== null) continue
      if (missing === undefined) this.#of(resource).set(id, after)
      else this.#forget(resource, id)
    }
    this.#rows += changes.length
    this.#bytes += bytes
    if (this.#rows < ROWS && this.#bytes < BYTES) return
    this.#former = this.#current
    this.#current = new Map()
    this.#rows = this.#bytes = 0
  }

  clear(): void {
    this.#current.clear()
    this.#former.clear()
    this.#rows = this.#bytes = 0
  }

  #of(resource: Resource): Map<Id, Row | null> {
    let rows = this.#current.get(resource)
    if (rows === undefined) this.#current.set(resource, (rows = new Map()))
    return rows
  }

  #forget(resource: Resource, id: Id): void {
    this.#current.get(resource)?.delete(id)
    this.#former.get(resource)?.delete(id)
  }
}
