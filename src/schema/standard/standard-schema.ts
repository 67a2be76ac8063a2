import { pointer, type Issue } from '../../protocol/error.ts'
import * as types from '../field-types/built-in.ts'
import { textMode } from '../read/input-mode.ts'
import { Refused } from '../read/refused.ts'
import type { ReadValue } from '../scalar-type.ts'
import { Rejected, type Schema } from '../schema.ts'
import { jsonSchemaOf, type StandardResult, type StandardSchema } from './standard.ts'

/**
 * The schema of another library. Text in queries and forms is first converted to the types in its JSON Schema, for instance
 * numbers.
 */
export function standardSchema(declared: StandardSchema): Schema {
  const check = (value: unknown): unknown => {
    const result = declared['~standard'].validate(value)
    return result instanceof Promise ? result.then(told) : told(result)
  }
  let reads: ReadonlyMap<string, ReadValue> | null = null
  return {
    kind: 'standard',
    declared,
    input: (value, mode) =>
      check(mode === textMode ? readText(value, (reads ??= readersOf(jsonSchemaOf(declared, 'input')))) : value),
    output: check,
  }
}

function told(result: StandardResult<unknown>): unknown {
  if (!result.issues) return result.value
  return new Rejected(
    result.issues.map(({ message, path = [] }): Issue => {
      const segments = path.map(step => (typeof step === 'object' ? step.key : step))
      return { code: 'check', pointer: pointer('#', ...segments.map(keyOf)), detail: message }
    }),
  )
}

const keyOf = (key: PropertyKey): string | number => (typeof key === 'symbol' ? String(key) : key)

const readerOf: Readonly<Record<string, ReadValue>> = {
  integer: types.integer().readText,
  number: types.number().readText,
  boolean: types.bool().readText,
}

/** How to read a list: its items, too, are converted as far as their type is stated. */
function listReader({ type }: { readonly type?: unknown } = {}): ReadValue {
  const item = { integer: types.integer, number: types.number, boolean: types.bool, string: types.text }
  return types.list(typeof type === 'string' && type in item ? item[type as keyof typeof item]() : null).readText
}

interface Property {
  readonly type?: unknown
  readonly items?: { readonly type?: unknown }
}

/** How to read members of a query or form, as far as the JSON Schema states their types. */
function readersOf(schema: Readonly<Record<string, unknown>> | null): ReadonlyMap<string, ReadValue> {
  const readers = new Map<string, ReadValue>()
  const properties = (schema?.['properties'] ?? {}) as Readonly<Record<string, Property>>
  for (const [name, { type, items }] of Object.entries(properties)) {
    const reader = type === 'array' ? listReader(items) : typeof type === 'string' ? readerOf[type] : undefined
    if (reader) readers.set(name, reader)
  }
  return readers
}

/** Converts members. A member that cannot be converted stays text, and the schema refuses it in its own words. */
function readText(value: unknown, readers: ReadonlyMap<string, ReadValue>): unknown {
  if (readers.size === 0 || typeof value !== 'object' || value === null) return value
  const out: Record<string, unknown> = { ...value }
  for (const [name, reader] of readers) {
    if (!Object.hasOwn(out, name)) continue
    const read = reader(out[name])
    if (!(read instanceof Refused)) out[name] = read
  }
  return out
}
