import type { Id, Join, ManyField } from '../../../model/model.ts'

/** Rows at either side of a join whose links changed. */
export type ChangedOwners = ReadonlyMap<Join, Readonly<Record<'a' | 'b', ReadonlyMap<Id, unknown>>>>

/**
 * A cache of id lists at the position that was sent last. A list of ten thousand members should not be read again for every
 * change of a row that depends on it. Lists that commits change are dropped.
 */
export class KnownPairs {
  readonly #most: number
  readonly #sets = new Map<ManyField, Map<Id, ReadonlySet<Id>>>()
  #size = 0

  /** `most` = how many ids are kept altogether. */
  constructor(most: number) {
    this.#most = most
  }

  get(field: ManyField, owner: Id): ReadonlySet<Id> | undefined {
    return this.#sets.get(field)?.get(owner)
  }

  set(field: ManyField, owner: Id, ids: ReadonlySet<Id>): void {
    if (ids.size + 1 > this.#most) return
    if (this.#size + ids.size + 1 > this.#most) this.clear()
    let sets = this.#sets.get(field)
    if (!sets) this.#sets.set(field, (sets = new Map()))
    this.#size += ids.size + 1 - sizeOf(sets.get(owner))
    sets.set(owner, ids)
  }

  drop(changed: ChangedOwners): void {
    if (changed.size === 0) return
    for (const [field, sets] of this.#sets)
      for (const owner of changed.get(field.join)?.[field.side].keys() ?? []) {
        this.#size -= sizeOf(sets.get(owner))
        sets.delete(owner)
      }
  }

  clear(): void {
    this.#sets.clear()
    this.#size = 0
  }
}

const sizeOf = (ids: ReadonlySet<Id> | undefined): number => (ids === undefined ? 0 : ids.size + 1)
