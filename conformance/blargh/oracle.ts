import { isDeepStrictEqual } from 'node:util'
import { isObject } from '../object.ts'
import { cast, keyTypeOf } from './cast.ts'
import type { Arguments, FieldVector, Members, ModelVector, ObjectVector, Rows } from './vector.ts'

/** Reads a recorded state (every object at depth 1, nulls omitted) the way the ancestor would show it. */

export function objectOf(model: ModelVector, name: string): ObjectVector | undefined {
  return model.objects.find(o => o.name === name)
}

/** External name of an object's primary key. */
export function keyOf(object: ObjectVector): string {
  return object.fields.find(f => f.name === object.pkey)?.ext_name ?? object.pkey
}

export function rowsOf(state: Rows, name: string): readonly Members[] {
  return state[name] ?? []
}

export function rowOf(model: ModelVector, state: Rows, name: string, id: unknown): Members | undefined {
  const object = objectOf(model, name)
  if (!object) return undefined
  const key = keyOf(object)
  return rowsOf(state, name).find(row => row[key] === id)
}

/** A row at a depth: 0 = id, 1 = related ids, more = related rows. */
export function represent(model: ModelVector, state: Rows, name: string, id: unknown, depth: number): unknown {
  const row = rowOf(model, state, name, id)
  if (depth === 0 || !row) return id
  const out: Record<string, unknown> = {}
  for (const field of objectOf(model, name)?.fields ?? []) {
    const value = row[field.ext_name]
    if (value === undefined) continue
    out[field.ext_name] = field.kind === 'rel' ? related(model, state, field.stores, value, depth - 1) : value
  }
  return out
}

function related(model: ModelVector, state: Rows, name: string, value: unknown, depth: number): unknown {
  return Array.isArray(value)
    ? value.map(id => represent(model, state, name, id, depth))
    : represent(model, state, name, value, depth)
}

/** A collection by Restuary's meaning: equality, null test, nulls last, ties by ascending id. null = it has none. */
export function collection(model: ModelVector, state: Rows, args: Arguments): unknown[] | null {
  const object = objectOf(model, args.name)
  if (!object) return null
  const key = keyOf(object)
  const fields = new Map(object.fields.map(f => [f.ext_name, f]))
  const filter = args.filter ?? {}
  const sort = typeof args.sort === 'string' ? args.sort.split(',') : (args.sort ?? [])
  if (!isObject(filter) || !Object.keys(filter).every(name => fields.has(name))) return null
  if (!isWords(sort) || !sort.every(word => fields.has(word.replace(/^-/, '')))) return null
  const rows = rowsOf(state, args.name).filter(row =>
    Object.entries(filter).every(([name, value]) => matches(model, state, fields.get(name), row[name], value)),
  )
  const sorted = rows.toSorted((a, b) => {
    for (const word of [...sort, key]) {
      const descending = word.startsWith('-')
      const name = descending ? word.slice(1) : word
      const order = compare(a[name], b[name], descending)
      if (order !== 0) return order
    }
    return 0
  })
  const limited = typeof args.limit === 'number' ? sorted.slice(0, args.limit) : sorted
  const depth = typeof args.depth === 'number' ? args.depth : 1
  return limited.map(row => represent(model, state, args.name, row[key], depth))
}

function matches(
  model: ModelVector,
  state: Rows,
  field: FieldVector | undefined,
  actual: unknown,
  wanted: unknown,
): boolean {
  if (wanted === null) return actual === undefined
  if (field?.kind === 'rel' && isObject(wanted)) {
    const row = rowOf(model, state, field.stores, actual)
    const inner = new Map(objectOf(model, field.stores)?.fields.map(f => [f.ext_name, f]))
    return (
      row !== undefined &&
      Object.entries(wanted).every(([name, value]) => matches(model, state, inner.get(name), row[name], value))
    )
  }
  const type = field?.kind === 'rel' ? keyTypeOf(model, field.stores) : field?.kind === 'scalar' ? field.type : null
  return isDeepStrictEqual(actual, cast(wanted, type))
}

function compare(a: unknown, b: unknown, descending: boolean): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? 1 : -1
  const order = ascending(a, b)
  return descending ? -order : order
}

/** The order of values of one type; lists go by their elements. */
export function ascending(a: unknown, b: unknown): number {
  if (Array.isArray(a) && Array.isArray(b)) {
    for (let i = 0; i < Math.min(a.length, b.length); i++) {
      const order = ascending(a[i], b[i])
      if (order !== 0) return order
    }
    return a.length - b.length
  }
  const [x, y] = [a as string, b as string]
  return x < y ? -1 : x > y ? 1 : 0
}

function isWords(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(word => typeof word === 'string')
}
