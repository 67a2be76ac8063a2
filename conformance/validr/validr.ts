import { isDeepStrictEqual } from 'node:util'
import { SchemaError } from '../../src/dialects/restaction/text/schema-error.ts'
import { compileText } from '../../src/dialects/restaction/text/text.ts'
import { textOf } from '../../src/dialects/restaction/text/report.ts'
import { departures } from './departures.ts'
import type { CaseResult } from '../result.ts'

/** What is recorded of one case; exactly one of the first five says how it ended. */
export interface Expect {
  readonly ok?: unknown
  readonly error?: string
  readonly schemaError?: string
  readonly parsed?: true
  readonly crash?: string
  readonly position?: string
  readonly messageExact?: boolean
}

export interface SchemaCase {
  readonly id: string
  readonly schema: unknown
  readonly shared?: Readonly<Record<string, unknown>>
  readonly value?: unknown
  readonly expect: Expect & { readonly crashAtParse?: string; readonly crashAtValidate?: string }
  /** Where the oldest release answered otherwise. */
  readonly 'validr-0.12.1'?: Expect
}

interface SchemaFile {
  readonly cases: readonly SchemaCase[]
}

/** Whether a file holds schema texts and what they make of values. */
export function isValidr(file: unknown): file is SchemaFile {
  const cases = (file as Partial<SchemaFile> | null)?.cases
  return Array.isArray(cases) && cases.every(c => 'schema' in c && 'expect' in c)
}

/** Compiles every schema and validates its value; no store has a part in it. */
export function runValidr(file: SchemaFile): Promise<CaseResult[]> {
  return Promise.resolve(file.cases.map(runCase))
}

function runCase(one: SchemaCase): CaseResult {
  const expected = expectation(one)
  const found = outcome(one, 'parsed' in expected)
  const same = isDeepStrictEqual(told(found, expected), told(expected, expected))
  if (same) return { name: one.id, outcome: 'passed' }
  const show = (value: unknown): string =>
    JSON.stringify(value, (_, v) => (typeof v === 'number' && !Number.isFinite(v) ? String(v) : v))
  return {
    name: one.id,
    outcome: 'failed',
    detail: `${show(one.schema)} ${show(expected)} wanted, ${show(found)} found`,
  }
}

/** What is wanted after every departure that speaks of the case. A crash of the original at parse is a schema error. */
function expectation(one: SchemaCase): Expect {
  const { crashAtParse, crashAtValidate, ...expect } = one.expect
  const crash = crashAtParse ?? crashAtValidate
  const recorded: Expect = crash === undefined ? expect : { schemaError: crash, messageExact: false }
  return departures.reduce((expected, departure) => departure.rewrite(one, expected) ?? expected, recorded)
}

/** What of an outcome is compared: messages only where they are the original's own. */
function told(outcome: Expect, by: Expect): unknown {
  if ('schemaError' in outcome) {
    const { schemaError, position = '' } = outcome
    const at = 'position' in by ? position : null
    return by.messageExact ? { at, text: textOf(schemaError ?? '', position) } : { at, schemaError: true }
  }
  if ('error' in outcome) return { error: outcome.error, position: outcome.position ?? '' }
  return 'parsed' in outcome ? 'parsed' : { ok: valueOf(outcome.ok) }
}

function outcome(one: SchemaCase, parseOnly: boolean): Expect {
  try {
    const validate = compileText(one.schema, { shared: one.shared ?? {} })
    if (parseOnly) return { parsed: true }
    const result = validate(valueOf(one.value))
    if (result.ok) return { ok: result.value }
    const [first] = result.errors
    if (first!.text !== textOf(first!.message, first!.position))
      return { error: first!.text, position: 'in two spellings' }
    return { error: first!.message, position: first!.position }
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error
    const [first] = error.faults
    return { schemaError: first!.message, position: first!.position }
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
function valueOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(valueOf)
  if (typeof value !== 'object' || value === null) return value
  const [key = '', ...more] = Object.keys(value)
  const tag = more.length === 0 ? tags[key] : undefined
  return tag ? tag(value[key as keyof typeof value]) : mapped(value)
}

function mapped(value: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, valueOf(inner)]))
}
