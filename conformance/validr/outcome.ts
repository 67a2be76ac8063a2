import { SchemaError } from '../../src/dialects/restaction/text/schema-error.ts'
import { compileText } from '../../src/dialects/restaction/text/text.ts'
import { messageAt } from '../../src/dialects/restaction/text/report.ts'

/** What is recorded of one case, or found; exactly one of the first four says how it ended. */
export interface Expect {
  readonly ok?: unknown
  readonly error?: string
  readonly schemaError?: string
  readonly parsed?: true
  readonly position?: string
  readonly messageExact?: boolean
  /** Further faults of a schema; the ancestor told the first that it came upon. */
  readonly others?: readonly Expect[]
}

export interface SchemaCase {
  readonly id: string
  readonly schema: unknown
  readonly shared?: Readonly<Record<string, unknown>>
  readonly value?: unknown
  readonly expect: Expect & { readonly crashAtParse?: string; readonly crashAtValidate?: string }
}

/** What becomes of a case's value, or of its schema alone. */
export function outcome(one: SchemaCase, parseOnly: boolean): Expect {
  try {
    const validate = compileText(one.schema, { shared: one.shared ?? {} })
    if (parseOnly) return { parsed: true }
    const result = validate(valueOf(one.value))
    if (result.ok) return { ok: result.value }
    const [first] = result.errors
    if (first!.text !== messageAt(first!.message, first!.position))
      return { error: first!.text, position: 'in two spellings' }
    return { error: first!.message, position: first!.position }
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error
    const [first, ...others] = error.faults.map(({ message, position }) => ({ schemaError: message, position }))
    return { ...first!, others }
  }
}

/** Of an object whose attributes, not entries, are what it holds. */
const instance: object = Object.freeze({})

/** A time of day, which JavaScript has in Temporal only. */
class PlainTime {
  readonly #parts: readonly number[]

  constructor(text: string) {
    this.#parts = text.split(':').map(Number)
  }

  get [Symbol.toStringTag](): string {
    return 'Temporal.PlainTime'
  }

  get hour(): number {
    return this.#parts[0]!
  }

  get minute(): number {
    return this.#parts[1]!
  }

  get second(): number {
    return this.#parts[2]!
  }
}

const tags: Readonly<Record<string, (content: any) => unknown>> = {
  $object: content => Object.assign(Object.create(instance) as object, mapped(content)),
  $number: content => ({ inf: Infinity, '-inf': -Infinity, nan: NaN })[content as 'inf'],
  $bigint: content => BigInt(content),
  $date: content => new Date(`${content}T00:00:00Z`),
  $datetime: content => new Date(`${content}Z`),
  $time: content => new PlainTime(content),
  $iter: content => content[Symbol.iterator](),
  $bytes: content => new TextEncoder().encode(content),
}

/** A recorded value with its tags resolved. */
export function valueOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(valueOf)
  if (typeof value !== 'object' || value === null) return value
  const [key = '', ...more] = Object.keys(value)
  const tag = more.length === 0 ? tags[key] : undefined
  return tag ? tag(value[key as keyof typeof value]) : mapped(value)
}

function mapped(value: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, valueOf(inner)]))
}
