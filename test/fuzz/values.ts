import type { Random } from '../property/live-oracle/random.ts'

type Schema = any

/** What breaks programs that trust their input. */
const ODD: readonly unknown[] = [
  null,
  true,
  -1,
  0,
  1.5,
  2 ** 53 + 2,
  1e308,
  '',
  ' ',
  '0',
  'null',
  'constructor',
  '__proto__',
  '\u0000',
  '\ud800',
  'é'.repeat(50),
  'x'.repeat(3_000),
  '2026-02-30',
  "'; DROP TABLE person; --",
  '%_*?[',
  [],
  [[]],
  {},
  { $gt: 1 },
  { id: 1 },
  { toString: 1 },
]

/** Makes values that fit JSON Schemas of an OpenAPI document, and values that do not. */
export class Values {
  readonly #random: Random
  readonly #document: Schema
  readonly #uuids: () => readonly string[]

  /** `uuids` = those that are ids of rows by now. */
  constructor(random: Random, document: Schema, uuids: () => readonly string[] = () => []) {
    this.#random = random
    this.#document = document
    this.#uuids = uuids
  }

  odd(): unknown {
    return this.#random.pick(ODD)
  }

  /** A value that a schema allows, as far as it says so. */
  of(given: Schema, depth: number = 0): unknown {
    const random = this.#random
    const schema = this.#resolve(given)
    if (schema === true || schema === undefined) return random.pick([1, 'a', null, { a: [1] }])
    if ('const' in schema) return schema.const
    if (schema.enum) return random.pick(schema.enum)
    const choices = schema.anyOf ?? schema.oneOf
    if (choices) return this.of(random.pick(choices), depth)
    if (schema.allOf) return Object.assign({}, ...schema.allOf.map((one: Schema) => this.of(one, depth)))
    const type = Array.isArray(schema.type) ? random.pick(schema.type) : schema.type
    switch (type) {
      case 'null':
        return null
      case 'boolean':
        return random.chance(0.5)
      case 'integer':
        return this.#number(schema, true)
      case 'number':
        return this.#number(schema, false)
      case 'string':
        return this.#text(schema)
      case 'array': {
        const length = depth > 2 ? 0 : random.int(Math.min(4, (schema.maxItems ?? 3) + 1))
        const items = Array.from({ length }, () => this.of(schema.items ?? true, depth + 1))
        return schema.uniqueItems ? [...new Map(items.map(one => [JSON.stringify(one), one])).values()] : items
      }
      case 'object':
        return this.#object(schema, depth)
      default:
        return schema.properties ? this.#object(schema, depth) : random.pick([1, 'a', null, [1], { a: 1 }])
    }
  }

  #resolve(schema: Schema): Schema {
    let found = schema
    while (typeof found?.$ref === 'string')
      found = found.$ref
        .slice(2)
        .split('/')
        .reduce((at: Schema, key: string) => at?.[key.replaceAll('~1', '/').replaceAll('~0', '~')], this.#document)
    return found
  }

  #number({ minimum = 0, maximum = minimum + 25, example, examples }: Schema, isInteger: boolean): number {
    const shown = example ?? examples?.[0]
    if (shown !== undefined && this.#random.chance(0.3)) return shown
    const low = Math.max(minimum, 0)
    const high = Math.max(low, Math.min(maximum, low + 25))
    const found = low + this.#random.int(Math.floor(high - low) + 1)
    return isInteger ? found : found + (this.#random.chance(0.3) && found + 0.5 <= high ? 0.5 : 0)
  }

  #text({ format, pattern, minLength = 0, maxLength = 12, examples, example }: Schema): string {
    const random = this.#random
    const shown = example ?? examples?.[0]
    switch (format) {
      case 'date':
        return `20${10 + random.int(30)}-0${1 + random.int(9)}-1${random.int(9)}`
      case 'date-time':
        return `20${10 + random.int(30)}-0${1 + random.int(9)}-1${random.int(9)}T0${random.int(9)}:00:00Z`
      case 'email':
        return `a${random.int(1e6)}@example.com`
      case 'uri':
        return `https://example.com/${random.int(100)}`
      case 'uuid': {
        const known = this.#uuids()
        if (known.length > 0 && !random.chance(0.05)) return random.pick(known)
        return `0190a7c0-0000-7000-8000-${String(random.int(20)).padStart(12, '0')}`
      }
    }
    if (pattern) return typeof shown === 'string' ? shown : `${random.int(90)}.00`
    if (typeof shown === 'string' && random.chance(0.3)) return shown
    const letters = 'abcxyzäß 0129'
    const length = Math.max(minLength, 1 + random.int(Math.max(1, Math.min(maxLength, 12))))
    return Array.from({ length }, () => letters[random.int(letters.length)]!)
      .join('')
      .slice(0, maxLength)
  }

  #object(schema: Schema, depth: number): Record<string, unknown> {
    const made: Record<string, unknown> = {}
    const required = new Set<string>(schema.required ?? [])
    for (const [name, property] of Object.entries<Schema>(schema.properties ?? {})) {
      if (this.#resolve(property)?.readOnly) continue
      if (required.has(name) || this.#random.chance(depth > 1 ? 0.1 : 0.4)) made[name] = this.of(property, depth + 1)
    }
    return made
  }

  /** The value with one place in it made odd. */
  spoiled(value: unknown): unknown {
    const random = this.#random
    if (random.chance(0.3) || typeof value !== 'object' || value === null) return this.odd()
    if (Array.isArray(value)) {
      if (value.length === 0) return [this.odd()]
      const at = random.int(value.length)
      return value.with(at, this.spoiled(value[at]))
    }
    const names = Object.keys(value)
    const name =
      names.length === 0 || random.chance(0.2) ? random.pick(['id', 'nope', 'constructor', '$ref']) : random.pick(names)
    if (random.chance(0.2)) return Object.fromEntries(Object.entries(value).filter(([key]) => key !== name))
    return { ...value, [name]: this.spoiled((value as Record<string, unknown>)[name]) }
  }
}
