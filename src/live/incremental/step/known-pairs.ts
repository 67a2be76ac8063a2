import type { Id, Join, ManyField } from '../../../model/model.ts'

/** Owners of either side of a join whose pairs changed. */
export type ChangedOwners = ReadonlyMap<Join, Readonly<Record<'a' | 'b', ReadonlyMap<Id, unknown>>>>

/**
 * Lists of related ids that were read lately, as they are at the position that was told last. A list of ten thousand
 * members is not read again for each change of a row that it decides. What commits change of it is dropped.
 */
export class KnownPairs {
  readonly #most: number
  readonly #sets = new Map<ManyField, Map<Id, ReadonlySet<Id>>>()
  #size = 0

  /** `most` = ids that are kept altogether. */
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
