import type { Id, Join, Resource, Row } from '../../model/model.ts'
import type { Change } from '../../store/store.ts'
import { unknownIn, type UnknownFields } from './unknown-fields.ts'
import type { Differences, Pair } from './past-snapshot.ts'

/** Collects changes since a position, oldest first. The first change of a row or pair shows what it was at that position. */
export class ChangesSince {
  readonly #rows = new Map<Resource, Map<Id, Row | null>>()
  readonly #unknown: UnknownFields = new Map()
  readonly #pairs = new Map<Join, Map<string, Pair>>()

  add(change: Change): void {
    const { resource, id, op, before } = change
    let known = this.#rows.get(resource)
    if (!known) this.#rows.set(resource, (known = new Map()))
    if (!known.has(id)) {
      known.set(id, op === 'create' ? null : before)
      if (op !== 'create') this.#noteUnknown(change)
    }
    this.#addPairs(change)
  }

  /** Fields of rows at that position whose value is not known. */
  get unknown(): UnknownFields {
    return this.#unknown
  }

  #noteUnknown(change: Change): void {
    const fields = unknownIn(change, 'before')
    if (fields.length === 0) return
    this.#unknown.set(change.resource, new Set([...(this.#unknown.get(change.resource) ?? []), ...fields]))
  }

  differences(): Differences {
    return {
      rows: this.#rows,
      pairs: new Map([...this.#pairs].map(([join, pairs]) => [join, [...pairs.values()]])),
    }
  }

  // Links of many-to-many relations are in no row: their state before comes from the list differences.
  #addPairs({ resource, id, lists }: Change): void {
    for (const list of lists) {
      const field = resource.field.get(list.field)
      if (field?.is !== 'many') continue
      let known = this.#pairs.get(field.join)
      if (!known) this.#pairs.set(field.join, (known = new Map()))
      for (const was of [false, true])
        for (const other of was ? list.removed : list.added) {
          const [a, b] = field.side === 'a' ? [id, other] : [other, id]
          // In a symmetric relation the pair is stored in both directions.
          note(known, { a, b, was })
          if (field.symmetric) note(known, { a: b, b: a, was })
        }
    }
  }
}

function note(known: Map<string, Pair>, pair: Pair): void {
  const key = `${typeof pair.a}${pair.a}\n${typeof pair.b}${pair.b}`
  if (!known.has(key)) known.set(key, pair)
}
