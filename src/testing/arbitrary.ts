import * as fc from 'fast-check'
import { operatorsOf, typeOf, type Operator } from '../query/operator.ts'
import type { Scope, ScopeField } from '../query/scope.ts'
import type { Value } from '../schema/field.ts'
import type { ScalarType } from '../schema/scalar-type.ts'
import * as types from '../schema/field-types/built-in.ts'

type Filter = Readonly<Record<string, unknown>>

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Few of each, so that they meet; with those whose order, folding or text trips stores. */
const samples = {
  text: ['', 'a', 'A', 'ab', 'É', 'e\u{301}', 'ß', '\u{ff01}', '\u{1f600}', '%', '_', "'", '\\', 'ab\u{10ffff}'],
  integer: [-9_007_199_254_740_991, -1, 0, 1, 2, 10],
  number: [-1.5, 0, 0.1, 1, 1e-7, 1e17, 2 ** 53, -(2 ** 60), 1e21, 5e-324, -Number.MAX_VALUE],
  date: ['0001-01-01', '2026-01-01', '2026-11-22'],
  datetime: ['2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.500Z', '2026-01-01T00:00:01.000Z'],
  id: [1, 2, 3, 10],
  uuid: ['0190a7c0-0000-7000-8000-000000000001', '0190a7c0-0000-7000-8000-000000000002'],
  bytes: ['', 'AAH/'],
} as const

/** A canonical value of a type, its bounds left aside. */
export function arbitraryValue(type: ScalarType): fc.Arbitrary<Value> {
  if (type.list) return fc.array(arbitraryValue(type.list.item), { maxLength: 3 })
  switch (type.name) {
    case 'id':
      return fc.constantFrom<Value[]>(
        ...samples[type.key === 'integer' ? 'id' : type.key === 'uuid' ? 'uuid' : 'text'].filter(id => id !== ''),
      )
    case 'bool':
      return fc.boolean()
    case 'enum':
      return fc.constantFrom(...(type.options['values'] as readonly string[]))
    case 'decimal':
      return fc
        .constantFrom('-12.5', '-1', '0', '0.5', '10')
        .map(text => Number(text).toFixed(type.options['places'] as number))
    case 'json':
      return fc.jsonValue({ maxDepth: 1 }) as fc.Arbitrary<Value>
    case 'integer':
    case 'number':
    case 'date':
    case 'datetime':
    case 'bytes':
      return fc.constantFrom<Value[]>(...samples[type.name])
    default:
      return fc.constantFrom(...samples.text)
  }
}

/** A filter in its JSON form that parseFilter takes, nested at most so deep: every operator that the scope's fields have. */
export function arbitraryFilter(scope: Scope, depth: number): fc.Arbitrary<Filter> {
  const fields = [...scope.field.values()].filter(field => field.filterable && !field.hidden)
  const member = fc
    .constantFrom(...fields)
    .chain(field => condition(field, depth).map(value => [field.name, value] as const))
  const members = fc.uniqueArray(member, { maxLength: 3, selector: ([name]) => name }).map(Object.fromEntries<unknown>)
  if (depth === 0) return members
  const inner = arbitraryFilter(scope, depth - 1)
  return fc.oneof(
    { weight: 4, arbitrary: members },
    { weight: 1, arbitrary: inner.map(not => ({ $not: not })) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.constantFrom('$and', '$or'), fc.array(inner, { maxLength: 3 }))
        .map(pair => Object.fromEntries([pair])),
    },
  )
}

function condition(field: ScopeField, depth: number): fc.Arbitrary<unknown> {
  const operators = operatorsOf(field)
  const own = fc.constantFrom(...operators).chain(op => operand(field, op).map(value => ({ [`$${op}`]: value })))
  const forms: fc.Arbitrary<unknown>[] = [own]
  // A bare object would be read as operators.
  if (operators.includes('eq'))
    forms.push(operand(field, 'eq').map(value => (isObject(value) ? { $eq: value } : value)))
  if (operators.includes('null')) forms.push(fc.constant(null))
  if (field.target && depth > 0) {
    const inner = arbitraryFilter(field.target, depth - 1)
    const quantifier = fc.constantFrom('$some', '$every', '$none')
    forms.push(field.toMany ? fc.tuple(quantifier, inner).map(pair => Object.fromEntries([pair])) : inner)
  }
  return fc.oneof(...forms)
}

function operand(field: ScopeField, op: Operator): fc.Arbitrary<unknown> {
  const type = typeOf(field)
  switch (op) {
    case 'null':
      return fc.boolean()
    case 'size':
      return fc.nat(3)
    case 'in':
    case 'nin':
      return fc.array(
        fc.oneof({ weight: 5, arbitrary: arbitraryValue(type!) }, { weight: 1, arbitrary: fc.constant(null) }),
        { maxLength: 12 },
      )
    case 'hasAny':
    case 'hasAll':
      return fc.array(itemOf(type), { maxLength: 3 })
    case 'has':
      return itemOf(type)
    case 'eq':
    case 'ne':
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte':
      return arbitraryValue(type!)
    case 'contains':
    case 'startsWith':
    case 'endsWith':
    case 'ieq':
    case 'icontains':
    case 'istartsWith':
    case 'iendsWith':
      return fc.constantFrom(...samples.text)
  }
}

function itemOf(type: ScalarType | null): fc.Arbitrary<Value> {
  return arbitraryValue(type?.list?.item ?? types.text())
}
