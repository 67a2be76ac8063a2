import type { Need } from './security.ts'
import type { Model } from '../../model/model.ts'
import type { Components } from '../components.ts'
import type { DescribeOptions } from '../options.ts'
import type { Json } from './answers.ts'

/** A document that is being made. */
export interface Drafting {
  readonly model: Model
  readonly options: DescribeOptions
  readonly components: Components
  /** Parameters to which operations refer by name. */
  readonly parameters: Map<string, Json>
  readonly paths: Record<string, Record<string, unknown>>
  /** Makes a unique name for an operation, from characters that a URL may contain. */
  readonly operationId: (wanted: string) => string
}

/** Makes unique ids for operations. The same model always gets the same ids. */
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

/** Adds an operation to the document. */
export function place(drafting: Drafting, path: string, method: string, operation: Json): void {
  ;(drafting.paths[path] ??= {})[method] = operation
}

/** What the description of an operation begins with. */
export interface OperationHead {
  /** What its caller must be allowed to do. */
  readonly need: Need
  /** The verb in the operation's id. */
  readonly word: string
  readonly summary: string
}
