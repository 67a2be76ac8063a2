import { ApiError } from '../../protocol/error.ts'
import type { Limits } from '../../protocol/limits.ts'

/** Limits of the JSON values that a patch creates. They are those of a body that would contain the values. */
export type ValueLimits = Pick<Limits, 'body' | 'jsonDepth' | 'keys' | 'totalKeys' | 'items'>

/** Adds up the size of JSON values as text, without producing the text. */
export class Measure {
  readonly #limits: ValueLimits | null
  #bytes = 0
  #keys = 0

  /** null = no limits: for calls of the application itself. */
  constructor(limits: ValueLimits | null) {
    this.#limits = limits
  }

  /**
   * Throws ApiError `payload_too_large`, `depth_exceeded`, `too_many_keys` or `too_many_items` as soon as the values exceed a
   * limit. `at` is the place to report.
   */
  add(value: unknown, at: string): void {
    if (this.#limits !== null) this.#add(value, 0, at, this.#limits)
  }

  #add(value: unknown, depth: number, at: string, limits: ValueLimits): void {
    if (typeof value === 'object' && value !== null) this.#addContainer(value, depth + 1, at, limits)
    // The text with its quotes. Escapes are not counted: this is a limit, not a measurement.
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
