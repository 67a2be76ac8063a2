import type { Resource } from '../../model/model.ts'
import type { Query } from '../../query/predicate.ts'
import type { List } from '../call/call.ts'
import { touchesOf } from '../read/resources-read.ts'
import type { View } from '../read/view.ts'

/** A list as it was answered, good for as long as its entity tag is: until something that it reads changes. */
interface Kept {
  readonly view: View
  readonly etag: string
  /** null until it is asked for a second time: a list that changes between any two readers is not worth keeping. */
  readonly list: List | null
}

/** What an entry costs beside its text. */
const OVERHEAD = 600

/**
 * Lists by who reads them: a query, of which a face keeps one object per text that clients send, or, where rules decide
 * what is shown, the audience of a query. A list is found by the entity tag that it would get now, so whatever changes
 * it, by whomever, makes it be read again. Bounded: of two halves, the one that was filled longer ago is let go.
 */
export class KeptLists {
  readonly #most: number
  #young = new WeakMap<object, Kept>()
  #old = new WeakMap<object, Kept>()
  #size = 0

  constructor(bytes: number) {
    this.#most = bytes / 2
  }

  /** The list with that entity tag, if it was kept; undefined where the list that is made now should be offered. */
  get(reader: object, view: View, etag: string): List | undefined {
    const kept = this.#young.get(reader) ?? this.#old.get(reader)
    return kept !== undefined && kept.etag === etag && kept.view === view ? (kept.list ?? undefined) : undefined
  }

  /** Keeps a list that was made, if it is the second of its kind. */
  offer(reader: object, view: View, list: List): void {
    const before = this.#young.get(reader) ?? this.#old.get(reader)
    const cost = list.body.length + OVERHEAD
    const again = before?.etag === list.etag && before.view === view && cost <= this.#most
    this.#size += again ? cost : OVERHEAD
    if (this.#size > this.#most) {
      this.#old = this.#young
      this.#young = new WeakMap()
      this.#size = again ? cost : OVERHEAD
    }
    this.#young.set(reader, { view, etag: list.etag, list: again ? list : null })
  }
}

const stored = new WeakMap<Query, { readonly view: View; readonly isStored: boolean }>()

/** Whether a list is made of stored rows alone: nothing calculated, no table that others change without a record. */
export function isStored(view: View, query: Query): boolean {
  let known = stored.get(query)
  if (known?.view !== view)
    stored.set(query, (known = { view, isStored: !isForeign(touchesOf(view, query)) && !isCalculated(view) }))
  return known.isStored
}

function isForeign(touches: Iterable<Resource>): boolean {
  for (const resource of touches) if (resource.options.foreign !== null) return true
  return false
}

function isCalculated({ parts, loads }: View): boolean {
  if (parts.some(part => part.kind === 'calc')) return true
  return loads.some(load => load.field.target.options.foreign !== null || ('view' in load && isCalculated(load.view)))
}
