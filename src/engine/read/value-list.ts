import { getOrThrow } from '../../protocol/get-or-throw.ts'
import { ApiError, pointer, type Issue } from '../../protocol/error.ts'
import type { Limits } from '../../protocol/limits.ts'
import * as types from '../../schema/field-types/built-in.ts'
import type { Value } from '../../schema/field.ts'
import type { ScalarType } from '../../schema/scalar-type.ts'
import { compileTest, type RowAccess } from '../../query/evaluate.ts'
import { orderOf, sorted } from '../../query/order.ts'
import { decodeQuery, decodeQueryObject, type Decoded } from '../../query/query.ts'
import type { Scope, ScopeField } from '../../query/scope.ts'
import { isObject } from '../write/read-body.ts'

type Parameters = readonly (readonly [name: string, value: string])[]
type Item = Readonly<Record<string, unknown>>

/** The part of a list that a query selects. */
export interface ValueList {
  readonly values: readonly unknown[]
  /** How many match without `limit` and `offset`; null unless the query asked for it. */
  readonly total: number | null
}

/**
 * Filters, sorts and pages the list that a function returned. Its items must be objects with an `id`; a member counts as a
 * field if it has the same type in all items. Throws ApiError for the same faults as queries of modelled resources.
 */
export function queryValues(name: string, value: unknown, parameters: Parameters, limits: Limits): ValueList {
  return select(name, value, parameters[0]![0], {
    decode: scope => decodeQuery(scope, parameters, limits, 'list', { page: null }),
    place: parameter => ({ parameter }),
  })
}

/** The same for a query given as an object with at least one member. Issues have pointers into it. */
export function queryValuesBy(
  name: string,
  value: unknown,
  words: Readonly<Record<string, unknown>>,
  limits: Limits,
): ValueList {
  return select(name, value, Object.keys(words)[0]!, {
    decode: scope => decodeQueryObject(scope, words, limits, 'list', { page: null }),
    place: word => ({ pointer: pointer('#', word) }),
  })
}

interface Asked {
  readonly decode: (scope: Scope) => Decoded
  /** Where a parameter is, for error messages. */
  readonly place: (word: string) => Pick<Issue, 'parameter' | 'pointer'>
}

function select(name: string, value: unknown, first: string, { decode, place }: Asked): ValueList {
  if (!Array.isArray(value) || !value.every(item => isObject(item) && item['id'] != null)) {
    const detail = `${name} is not a list of objects with ids, so it takes no query`
    throw new ApiError('validation', { issues: [{ code: 'unknown_param', ...place(first), detail }] })
  }
  const items = value as Item[]
  const scope = scopeOf(name, items)
  const { query, shape } = decode(scope) as Decoded & { query: NonNullable<Decoded['query']> }
  if (shape.fields || shape.include.length > 0 || shape.depth !== 1) {
    const word = shape.fields ? 'fields' : shape.include.length > 0 ? 'include' : 'depth'
    const detail = `what ${name} shows is decided by a function`
    throw new ApiError('validation', { issues: [{ code: 'unknown_param', ...place(word), detail }] })
  }
  const found = items.filter(compileTest(query.where, scope, access))
  if (query.sort.length > 0) {
    const keys = query.sort.map(({ path, descending }) => {
      const field = getOrThrow(scope.field, path[0]!)
      return { read: access.value(field), order: sorted(orderOf(field.type), descending) }
    })
    found.sort((a, b) => {
      for (const { read, order } of keys) {
        const sign = order(read(a), read(b))
        if (sign !== 0) return sign
      }
      return 0
    })
  }
  const values = found.slice(query.offset, query.limit === null ? undefined : query.offset + query.limit)
  return { values, total: query.total ? found.length : null }
}

const access: RowAccess<Item> = {
  value: field => item => (item[field.name] ?? null) as Value,
  one: () => () => null,
  many: () => () => [],
}

/** Derives the fields from the items. A member whose type differs between items can be neither filtered nor sorted by. */
function scopeOf(name: string, items: readonly Item[]): Scope {
  const types = new Map<string, ScalarType | null>()
  for (const item of items)
    for (const [key, value] of Object.entries(item)) {
      if (value === null || value === undefined) continue
      const type = typeOf(value)
      const known = types.get(key)
      types.set(key, known === undefined || known === type ? type : null)
    }
  const field = new Map<string, ScopeField>()
  for (const [key, type] of types) field.set(key, fieldOf(key, type))
  if (!field.has('id')) field.set('id', fieldOf('id', number))
  return { name, field, idType: getOrThrow(field, 'id').type ?? text }
}

const [number, bool, text] = [types.number(), types.bool(), types.text()]

function typeOf(value: unknown): ScalarType | null {
  if (typeof value === 'number') return number
  if (typeof value === 'boolean') return bool
  return typeof value === 'string' ? text : null
}

function fieldOf(name: string, type: ScalarType | null): ScopeField {
  const known = type !== null
  return {
    name,
    is: 'scalar',
    type,
    target: null,
    toMany: false,
    nullable: true,
    hidden: false,
    filterable: known,
    sortable: known,
  }
}
