import type { Model } from '../../model/model.ts'
import type { Components } from '../components.ts'
import type { DescribeOptions } from '../options.ts'
import type { Json } from './answers.ts'

/** A document while it is put together. */
export interface Drafting {
  readonly model: Model
  readonly options: DescribeOptions
  readonly components: Components
  /** Parameters that are referred to by name. */
  readonly parameters: Map<string, Json>
  readonly paths: Record<string, Record<string, unknown>>
  /** A name for an operation that no other has, made of signs that a URL may hold. */
  readonly operationId: (wanted: string) => string
}

/** Gives every operation an id of its own; the same model gives the same ids. */
export function operationIds(): (wanted: string) => string {
  const taken = new Set<string>()
  return wanted => {
    const base = wanted.replaceAll(/[^A-Za-z0-9_-]/g, sign => `_${sign.codePointAt(0)!.toString(16)}`)
    let id = base
    for (let n = 2; taken.has(id); n++) id = `${base}_${n}`
    taken.add(id)
    return id
  }
}

/** Puts an operation at its place. */
export function place(drafting: Drafting, path: string, method: string, operation: Json): void {
  ;(drafting.paths[path] ??= {})[method] = operation
}
