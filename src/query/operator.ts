import { canonicalJson } from '../protocol/canonical-json.ts'
import { ApiError } from '../protocol/error.ts'
import type { Limits } from '../protocol/limits.ts'
import { bool } from '../schema/field-types/bool.ts'
import { integer as integerType } from '../schema/field-types/integer.ts'
import { text as textType } from '../schema/field-types/text.ts'
import type { Value } from '../schema/field.ts'
import type { InputMode } from '../schema/read/input-mode.ts'
import type { OperatorSet, ScalarType } from '../schema/scalar-type.ts'
import { note, type Faults, type Locate } from './faults.ts'
import { operand } from './operand.ts'
import { allOf, anyOf, everything, negate, nothing, type CompareOp, type Predicate, type TextOp } from './predicate.ts'
import { idNameOf, type ScopeField } from './scope.ts'

/** Operators on the value of a field. `some`, `every` and `none` need a nested filter, so they exist only in the JSON form. */
export type Operator = CompareOp | 'in' | 'nin' | 'null' | 'size' | 'has' | 'hasAny' | 'hasAll' | TextOperator
type TextOperator = 'contains' | 'startsWith' | 'endsWith' | 'ieq' | 'icontains' | 'istartsWith' | 'iendsWith'

const equality: readonly Operator[] = ['eq', 'ne', 'in', 'nin', 'null']
const ordered: readonly Operator[] = [...equality, 'gt', 'gte', 'lt', 'lte']
const many: readonly Operator[] = ['size']
const counts: readonly Operator[] = ['eq', 'ne', 'gt', 'gte', 'lt', 'lte']

/** The operators in each set (docs/guide: query language). */
const sets: Readonly<Record<OperatorSet, readonly Operator[]>> = {
  none: [],
  null: ['null'],
  equality,
  ordered,
  text: [...ordered, 'contains', 'startsWith', 'endsWith', 'ieq', 'icontains', 'istartsWith', 'iendsWith'],
  list: ['has', 'hasAny', 'hasAll', 'size', 'null'],
  json: ['eq', 'ne', 'null'],
}

/** The operators that a field has because of its type. */
export function operatorsOf(field: ScopeField): readonly Operator[] {
  if (field.toMany) return many
  if (field.is === 'count') return counts
  return sets[field.target ? 'ordered' : (field.type?.operators ?? 'null')]
}

/** The type of the values that a field is compared with. */
export function typeOf(field: ScopeField): ScalarType | null {
  if (field.is === 'count') return integer
  return field.is === 'scalar' ? field.type : (field.target?.idType ?? field.type)
}

const textOps: Record<TextOperator, { op: TextOp; fold: boolean }> = {
  contains: { op: 'contains', fold: false },
  startsWith: { op: 'startsWith', fold: false },
  endsWith: { op: 'endsWith', fold: false },
  ieq: { op: 'eq', fold: true },
  icontains: { op: 'contains', fold: true },
  istartsWith: { op: 'startsWith', fold: true },
  iendsWith: { op: 'endsWith', fold: true },
}

const anyText = textType()
const integer = integerType()
const flag = bool()

/** What reading a filter needs to know, and what it collects. */
export interface FilterReading {
  readonly mode: InputMode
  readonly limits: Pick<Limits, 'filterItems' | 'filterNodes' | 'filterDepth'>
  readonly faults: Faults
  /** How many conditions and connectives there are so far. */
  nodes: number
}

/**
 * Makes the condition of one operator on one field. The type of the field reads the operand. If something is wrong, it is
 * noted, and the result must not be used.
 */
export function operate(
  reading: FilterReading,
  field: ScopeField,
  op: Operator,
  raw: unknown,
  where: Locate,
): Predicate {
  count(reading)
  const operators = operatorsOf(field)
  // `eq null` means the null test. Also fields have it whose values cannot be compared.
  if (op === 'eq' && raw === null && operators.includes('null')) return isNull(field, true)
  if (!operators.includes(op)) {
    const known = operators.map(one => `$${one}`).join(', ')
    note(reading.faults, 'unknown_operator', where, `${field.name} has no operator $${op}; it has ${known}`)
    return nothing
  }
  const read = (type: ScalarType, value: unknown): Value => operand(reading, type, value, where)
  const type = typeOf(field)
  /** The operand as a value of the field. Operators that need it exist only for fields with a type. */
  const value = (one: unknown = raw): Value => {
    if (!type) throw new TypeError(`values of ${field.name} are not compared`)
    return read(type, one)
  }
  switch (op) {
    case 'eq':
      return equal(field, value())
    case 'ne':
      if (raw === null && operators.includes('null')) return isNull(field, false)
      return negated(equal(field, value()))
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte':
      return compared(field, op, value())
    case 'in':
      return among(field, listOf(reading, raw, where), value)
    case 'nin':
      return negated(among(field, listOf(reading, raw, where), value))
    case 'null':
      return isNull(field, read(flag, raw) === true)
    case 'size':
      return Object.freeze({ kind: 'size', field: field.name, value: sizeOf(reading, read(integer, raw), where) })
    case 'has':
      return has(field, 'any', [read(itemOf(type), raw)])
    case 'hasAny':
      return has(
        field,
        'any',
        listOf(reading, raw, where).map(value => read(itemOf(type), value)),
      )
    case 'hasAll':
      return has(
        field,
        'all',
        listOf(reading, raw, where).map(value => read(itemOf(type), value)),
      )
    case 'contains':
    case 'startsWith':
    case 'endsWith':
    case 'ieq':
    case 'icontains':
    case 'istartsWith':
    case 'iendsWith':
      return Object.freeze({ kind: 'text', field: field.name, value: read(anyText, raw) as string, ...textOps[op] })
  }
}

/** Counts a condition or connective. Throws ApiError `too_complex` if there are too many. */
export function count(reading: FilterReading): void {
  if (++reading.nodes > reading.limits.filterNodes) {
    throw new ApiError('too_complex', {
      detail: `A filter may have ${reading.limits.filterNodes} conditions and connectives`,
    })
  }
}

function listOf(reading: FilterReading, raw: unknown, where: Locate): readonly unknown[] {
  if (!Array.isArray(raw)) {
    note(reading.faults, 'type', where, 'An array is expected')
    return []
  }
  if (raw.length > reading.limits.filterItems) {
    throw new ApiError('too_complex', { detail: `A list of a filter may have ${reading.limits.filterItems} items` })
  }
  return raw
}

function sizeOf(reading: FilterReading, size: Value, where: Locate): number {
  if (typeof size === 'number' && size < 0) note(reading.faults, 'range', where, 'must be at least 0')
  return size as number
}

function itemOf(type: ScalarType | null): ScalarType {
  return type?.list?.item ?? anyText
}

function equal(field: ScopeField, value: Value): Predicate {
  if (field.is === 'scalar' && field.type?.operators === 'json')
    return Object.freeze({ kind: 'text', field: field.name, op: 'json', fold: false, value: canonicalJson(value) })
  return compared(field, 'eq', value)
}

function compared(field: ScopeField, op: CompareOp, value: Value): Predicate {
  if (field.is === 'count')
    return Object.freeze({
      kind: 'many',
      field: field.of?.name ?? field.name,
      quantifier: 'count',
      of: everything,
      op,
      value: value as number,
    })
  return onId(field, name => Object.freeze({ kind: 'compare', op, field: name, value }))
}

/** Makes the `in` condition. A null among the values means the null test, as a single null does. */
function among(field: ScopeField, raw: readonly unknown[], read: (value: unknown) => Value): Predicate {
  const values = Object.freeze(raw.filter(value => value !== null).map(read))
  const listed = onId(field, name => Object.freeze({ kind: 'in', field: name, values, negated: false }))
  return values.length === raw.length ? listed : anyOf(listed, isNull(field, true))
}

function has(field: ScopeField, mode: 'any' | 'all', values: readonly Value[]): Predicate {
  return Object.freeze({ kind: 'has', field: field.name, mode, values: Object.freeze(values) })
}

/** Negates a condition. `eq` and `in` have negated forms, which compile to one comparison. Others get a `not`. */
function negated(of: Predicate): Predicate {
  if (of.kind === 'compare' && of.op === 'eq') return Object.freeze({ ...of, op: 'ne' })
  if (of.kind === 'in') return Object.freeze({ ...of, negated: true })
  if (of.kind === 'null') return Object.freeze({ ...of, is: !of.is })
  if (of.kind === 'or') return allOf(...of.of.map(negated))
  return negate(of)
}

function isNull(field: ScopeField, is: boolean): Predicate {
  if (field.is !== 'back') return Object.freeze({ kind: 'null', field: field.name, is })
  const exists: Predicate = Object.freeze({ kind: 'one', field: field.name, of: everything })
  return is ? negate(exists) : exists
}

/**
 * Makes a condition on the id of a related row. For the other side of a one-to-one nothing is stored, so the condition is moved
 * to the related row.
 */
function onId(field: ScopeField, make: (name: string) => Predicate): Predicate {
  if (field.is !== 'back') return make(field.name)
  return Object.freeze({ kind: 'one', field: field.name, of: make(idNameOf(field.target!)) })
}
