import type { Id, Resource } from '../../model/model.ts'
import type { ThisNode } from '../../store/shared/this-node.ts'
import type { Store } from '../../store/store.ts'
import type { Maybe } from '../../store/work.ts'

/** The most milliseconds until it is looked again whether the node is alive that holds a row. */
const LOOK = 5_000
/** Milliseconds for which it is remembered until when a row lived. */
const REMEMBERED = 60_000

/** What the nodes know of a row: until when it lives, or which of them has the connection that holds it. */
type Lifetime = { readonly until: number } | { readonly by: string }

/**
 * How long the rows live that several nodes share. It is told in the shared state, since a write that changes nothing renews a row and
 * is not in the log. If that state is lost, rows live for their `ttl` once more.
 */
export class Lifetimes {
  readonly #store: Pick<Store, 'shared'>
  readonly #node: ThisNode

  constructor(store: Pick<Store, 'shared'>, node: ThisNode) {
    this.#store = store
    this.#node = node
  }

  /** A row was written: its `ttl` starts again, unless a connection holds it. */
  renew(resource: Resource, id: Id): Maybe<void> {
    return this.#store.shared.update(keyOf(resource, id), (text, now) => {
      const life = read(text)
      return life !== null && 'by' in life
        ? { value: undefined }
        : { value: undefined, ...livesUntil(now + ttlOf(resource)) }
    })
  }

  /** A connection of this node holds a row from now on. */
  async hold(resource: Resource, id: Id): Promise<void> {
    await this.#node.join()
    await this.#store.shared.update(keyOf(resource, id), () => ({ value: undefined, ...this.#mine }))
  }

  /** Whether this node still holds a row, as it believes; another one may have taken it over. */
  async isOurs(resource: Resource, id: Id): Promise<boolean> {
    await this.#node.join()
    return this.#store.shared.update(keyOf(resource, id), text => {
      const life = read(text)
      if (life === null) return { value: true, ...this.#mine }
      return { value: 'by' in life && life.by === this.#node.name }
    })
  }

  /** No connection of this node holds a row any more. Its time is over, unless another node has it by now. */
  async release(resource: Resource, id: Id): Promise<void> {
    await this.#store.shared.update(keyOf(resource, id), (text, now) => {
      const life = read(text)
      const isOthers = life !== null && 'by' in life && life.by !== this.#node.name
      return isOthers ? { value: undefined } : { value: undefined, ...livesUntil(now) }
    })
  }

  /** Milliseconds that a row still lives which no connection of this node holds, as far as can be said now. */
  async left(resource: Resource, id: Id): Promise<number> {
    const ttl = ttlOf(resource)
    const { left, by } = await this.#store.shared.update(keyOf(resource, id), (text, now) => {
      const life = read(text)
      if (life === null) return { value: { left: ttl, by: null }, ...livesUntil(now + ttl) }
      return { value: 'by' in life ? { left: 0, by: life.by } : { left: Math.max(0, life.until - now), by: null } }
    })
    if (by === null) return left
    const isHeld = by !== this.#node.name && (await this.#node.isAlive(by))
    return isHeld ? Math.min(ttl, LOOK) : 0
  }

  get #mine(): { readonly text: string } {
    return { text: JSON.stringify({ by: this.#node.name }) }
  }
}

const keyOf = (resource: Resource, id: Id): string => `row ${resource.name} ${typeof id} ${id}`
const ttlOf = (resource: Resource): number => resource.options.ephemeral!.ttl
const read = (text: string | undefined): Lifetime | null => (text === undefined ? null : (JSON.parse(text) as Lifetime))

function livesUntil(until: number): { readonly text: string; readonly until: number } {
  return { text: JSON.stringify({ until }), until: until + REMEMBERED }
}
