import { pointer, type Issue } from '../protocol/error.ts'
import { coerce, Refused } from './coerce.ts'
import { Rejected, type Schema } from './schema.ts'
import { jsonSchemaOf, type StandardResult, type StandardSchema } from './standard.ts'

/** The schema of another library, by its own rules; only text is read by the types that it tells (numbers of a query). */
export function standardSchema(declared: StandardSchema): Schema {
  const check = (value: unknown): unknown => {
    const result = declared['~standard'].validate(value)
    return result instanceof Promise ? result.then(told) : told(result)
  }
  let reads: ReadonlyMap<string, Reader> | null = null
  return {
    kind: 'standard',
    declared,
    input: (value, mode) =>
      check(mode === 'text' ? readText(value, (reads ??= readersOf(jsonSchemaOf(declared, 'input')))) : value),
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

type Reader = 'integer' | 'number' | 'bool' | 'list'
const readerOf: Readonly<Record<string, Reader>> = {
  integer: 'integer',
  number: 'number',
  boolean: 'bool',
  array: 'list',
}

/** How members of a query or form are to be read, where a JSON Schema tells. */
function readersOf(schema: Readonly<Record<string, unknown>> | null): ReadonlyMap<string, Reader> {
  const readers = new Map<string, Reader>()
  const properties = (schema?.['properties'] ?? {}) as Readonly<Record<string, { readonly type?: unknown }>>
  for (const [name, { type }] of Object.entries(properties)) {
    const reader = typeof type === 'string' ? readerOf[type] : undefined
    if (reader) readers.set(name, reader)
  }
  return readers
}

/** Members that are no spelling of their type stay text, which the schema refuses in its own words. */
function readText(value: unknown, readers: ReadonlyMap<string, Reader>): unknown {
  if (readers.size === 0 || typeof value !== 'object' || value === null) return value
  const out: Record<string, unknown> = { ...value }
  for (const [name, reader] of readers) {
    if (!Object.hasOwn(out, name)) continue
    const read = coerce('text', reader === 'list' ? { type: 'list', item: null } : { type: reader }, out[name])
    if (!(read instanceof Refused)) out[name] = read
  }
  return out
}
