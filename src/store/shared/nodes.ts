import { Leases } from './leases.ts'
import { keyFrom } from './secrets.ts'
import { ThisNode } from './this-node.ts'
import type { Store, StoreEnvironment } from '../store.ts'
import type { Maybe } from '../work.ts'

/** What an API shares with others that use the same database. */
export interface Nodes {
  /** The time by the clock of the database. */
  readonly clock: () => number
  readonly leases: Leases
  readonly node: ThisNode
  /** Gives back whatever this node has. */
  close(): Promise<void>
}

export function nodesOf(store: Store, { clock, random }: Pick<StoreEnvironment, 'clock' | 'random'>): Nodes {
  const leases = new Leases({ store, random })
  const node = new ThisNode(leases, random)
  return {
    clock: store.hasNodes === true ? () => clock() + (store.skew ?? 0) : clock,
    leases,
    node,
    close: async () => {
      await node.close()
      await leases.close()
    },
  }
}

/**
 * The key that authenticates cursors: the application's, or that of the database, so that the next page may come from another
 * node. It is filled in when the store is open, which is before anybody uses it.
 */
export function cursorKeyOf(
  given: Uint8Array | undefined,
  { store, opening, random }: { store: Store; opening: Maybe<void>; random: (bytes: number) => Uint8Array },
): Uint8Array {
  if (given !== undefined) return given
  const key = Uint8Array.from(random(32))
  const fill = (): void => {
    const secret = store.secret()
    if (secret) key.set(keyFrom(secret, 'cursors'))
  }
  if (opening instanceof Promise) void opening.then(fill, () => undefined)
  else fill()
  return key
}
