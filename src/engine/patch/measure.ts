import { ApiError } from '../../protocol/error.ts'
import type { Limits } from '../../protocol/limits.ts'

/** What bounds JSON values that a patch makes: the same as a body that would bring them. */
export type ValueLimits = Pick<Limits, 'body' | 'jsonDepth' | 'keys' | 'totalKeys' | 'items'>

/** Measures JSON values as texts without writing them, all that are added together. */
export class Measure {
  readonly #limits: ValueLimits | null
  #bytes = 0
  #keys = 0

  /** null = no bounds: for what the application itself asks. */
  constructor(limits: ValueLimits | null) {
    this.#limits = limits
  }

  /**
   * Throws ApiError `payload_too_large`, `depth_exceeded`, `too_many_keys` or `too_many_items` as soon as it is known that the
   * values are over a limit. `at` is what is wrong then.
   */
  add(value: unknown, at: string): void {
    if (this.#limits !== null) this.#add(value, 0, at, this.#limits)
  }

  #add(value: unknown, depth: number, at: string, limits: ValueLimits): void {
    if (typeof value === 'object' && value !== null) this.#addContainer(value, depth + 1, at, limits)
    // Text in its quotes; escapes are not counted.
    else this.#bytes += typeof value === 'string' ? Buffer.byteLength(value) + 2 : String(value).length
    if (this.#bytes > limits.body) throw over('payload_too_large', at, `${limits.body} bytes`)
  }

  #addContainer(container: object, depth: number, at: string, limits: ValueLimits): void {
    if (depth > limits.jsonDepth) throw over('depth_exceeded', at, `${limits.jsonDepth} levels`)
    // Brackets, and a comma or bracket behind each member.
    this.#bytes += 2
    if (Array.isArray(container)) {
      if (container.length > limits.items) throw over('too_many_items', at, `${limits.items} elements in an array`)
      this.#bytes += container.length
      for (const element of container) this.#add(element, depth, at, limits)
      return
    }
    const names = Object.keys(container)
    this.#keys += names.length
    if (names.length > limits.keys) throw over('too_many_keys', at, `${limits.keys} members in an object`)
    if (this.#keys > limits.totalKeys) throw over('too_many_keys', at, `${limits.totalKeys} members in all`)
    for (const name of names) {
      this.#bytes += Buffer.byteLength(name) + 4
      this.#add((container as Readonly<Record<string, unknown>>)[name], depth, at, limits)
    }
  }
}

function over(code: ApiError['code'], at: string, most: string): ApiError {
  return new ApiError(code, { detail: `${at}: would make more than ${most}` })
}
