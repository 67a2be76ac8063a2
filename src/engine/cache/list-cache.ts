import type { Resource } from '../../model/model.ts'
import type { Query } from '../../query/predicate.ts'
import type { List } from '../call/call.ts'
import { resourcesRead } from '../read/resources-read.ts'
import type { View } from '../read/view.ts'

/** A cached list. It is valid as long as its entity tag, that is until something that it reads changes. */
interface Kept {
  readonly view: View
  /** The last change to anything that it reads. */
  readonly version: string
  /**
   * null after the first request. A list is only kept when it is requested twice unchanged: caching lists that change between
   * any two readers is a waste.
   */
  readonly list: List | null
}

/** The estimated size of an entry beside its text, in bytes. */
const OVERHEAD = 600

/**
 * A cache of lists. The key is a query (a face keeps one object per query text that clients send) or, if rules decide what is
 * shown, the pair of query and caller. An entry only counts if its entity tag is the one that the list would get now, so every
 * change invalidates it, whoever made it. The cache has two halves; when the younger one is full, the older one is dropped.
 */
export class ListCache {
  readonly #most: number
  #young = new WeakMap<object, Kept>()
  #old = new WeakMap<object, Kept>()
  #size = 0

  constructor(bytes: number) {
    this.#most = bytes / 2
  }

  /** The cached list with that entity tag, or undefined. */
  get(reader: object, view: View, version: string): List | undefined {
    const kept = this.#young.get(reader) ?? this.#old.get(reader)
    return kept !== undefined && kept.version === version && kept.view === view ? (kept.list ?? undefined) : undefined
  }

  /** Caches a list if it was requested before and has not changed since. */
  offer(reader: object, view: View, version: string, list: List): void {
    const before = this.#young.get(reader) ?? this.#old.get(reader)
    const cost = list.body.length + OVERHEAD
    const again = before?.version === version && before.view === view && cost <= this.#most
    this.#size += again ? cost : OVERHEAD
    if (this.#size > this.#most) {
      this.#old = this.#young
      this.#young = new WeakMap()
      this.#size = again ? cost : OVERHEAD
    }
    this.#young.set(reader, { view, version, list: again ? list : null })
  }
}

/** Whether a list depends on stored rows only, by query: computed once, because every request asks. */
const stored = new WeakMap<Query, { readonly view: View; readonly isStored: boolean }>()

/**
 * Whether a list depends on stored rows only: on no calculated value, and on no table that other programs may change without a
 * log record.
 */
export function isStored(view: View, query: Query): boolean {
  let known = stored.get(query)
  if (known?.view !== view)
    stored.set(query, (known = { view, isStored: !isForeign(resourcesRead(view, query)) && !isCalculated(view) }))
  return known.isStored
}

function isForeign(resources: Iterable<Resource>): boolean {
  for (const resource of resources) if (resource.options.foreign !== null) return true
  return false
}

function isCalculated({ parts, loads }: View): boolean {
  if (parts.some(part => part.kind === 'calc')) return true
  return loads.some(load => load.field.target.options.foreign !== null || ('view' in load && isCalculated(load.view)))
}
