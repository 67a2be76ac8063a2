import { getOrThrow } from '../../../protocol/get-or-throw.ts'
import {
  ID,
  type BackField,
  type Field,
  type Id,
  type ManyField,
  type Resource,
  type Row,
  type Value,
} from '../../../model/model.ts'
import { compileTest, signs, type RowAccess } from '../../../query/evaluate.ts'
import type { Predicate } from '../../../query/predicate.ts'
import type { RowState } from '../step/state.ts'

type Leaf = Exclude<Predicate, { kind: 'constant' | 'and' | 'or' | 'not' | 'one' | 'many' }>

/** `in` lists up to this length are searched linearly; for longer ones a Set is made. */
const SHORT_LIST = 16

/** The id, if a condition only compares the id; undefined otherwise. */
export function idOnly(target: Resource, of: Predicate): Value | undefined {
  return of.kind === 'compare' && of.op === 'eq' && of.field === target.id.name && of.value !== null
    ? of.value
    : undefined
}

/**
 * Whether a row satisfies a predicate in a state. The predicate is interpreted, not compiled: a group that no change concerns
 * then costs no memory.
 */
export function holds(where: Predicate, resource: Resource, row: Row, state: RowState): boolean {
  switch (where.kind) {
    case 'constant':
      return where.value
    case 'and':
      for (const part of where.of) if (!holds(part, resource, row, state)) return false
      return true
    case 'or':
      for (const part of where.of) if (holds(part, resource, row, state)) return true
      return false
    case 'not':
      return !holds(where.of, resource, row, state)
    case 'one':
      return holdsOne(where, resource, row, state)
    case 'many':
      return holdsMany(where, resource, row, state)
    default:
      return holdsLeaf(where, resource, row, state)
  }
}

function holdsOne(where: Predicate & { kind: 'one' }, resource: Resource, row: Row, state: RowState): boolean {
  const field = getOrThrow(resource.field, where.field)
  if (field.is === 'back')
    return state.children(field.via, row[ID] as Id).some(child => holds(where.of, field.target, child, state))
  const { slot, target } = field as Field & { is: 'one' }
  const id = row[slot]
  if (id === null) return false
  const other = state.row(target, id as Id)
  return other !== null && holds(where.of, target, other, state)
}

function holdsMany(where: Predicate & { kind: 'many' }, resource: Resource, row: Row, state: RowState): boolean {
  const field = resource.field.get(where.field) as BackField | ManyField
  const { quantifier, of } = where
  const { target } = field
  const id = row[ID] as Id
  if (quantifier === 'count') return signs[where.op](countOf(field, id, of, state) - where.value)
  const wanted = quantifier === 'every' ? undefined : idOnly(target, of)
  if (wanted !== undefined) return isRelated(field, id, wanted as Id, state) === (quantifier === 'some')
  // One counter-example decides `every` and `none`, one example decides `some`.
  const stops = quantifier !== 'every'
  const found = quantifier === 'some'
  if (field.is === 'back') {
    for (const child of state.children(field.via, id)) if (holds(of, target, child, state) === stops) return found
    return !found
  }
  for (const otherId of state.others(field, id)) {
    const other = state.row(target, otherId)
    if ((other !== null && holds(of, target, other, state)) === stops) return found
  }
  return !found
}

function isRelated(field: BackField | ManyField, owner: Id, other: Id, state: RowState): boolean {
  return field.is === 'many'
    ? state.others(field, owner).has(other)
    : state.row(field.target, other)?.[field.via.slot] === owner
}

/** How many rows a to-many relation leads to that fulfil a predicate. */
function countOf(field: BackField | ManyField, owner: Id, of: Predicate, state: RowState): number {
  const { target } = field
  if (field.is === 'back')
    return state.children(field.via, owner).filter(child => holds(of, target, child, state)).length
  let count = 0
  for (const id of state.others(field, owner)) {
    const other = state.row(target, id)
    if (other !== null && holds(of, target, other, state)) count++
  }
  return count
}

/** How many rows a to-many relation leads to. */
export function relatedCount(field: BackField | ManyField, owner: Id, state: RowState): number {
  return field.is === 'back' ? state.children(field.via, owner).length : state.others(field, owner).size
}

function holdsLeaf(where: Leaf, resource: Resource, row: Row, state: RowState): boolean {
  const field = getOrThrow(resource.field, where.field)
  if (where.kind === 'size' && (field.is === 'many' || (field.is === 'back' && field.toMany)))
    return relatedCount(field, row[ID] as Id, state) === where.value
  const value = valueOf(field, row, state)
  if (where.kind === 'compare' && (where.op === 'eq' || where.op === 'ne')) {
    // Nothing equals null.
    return where.value === null ? where.op === 'ne' : (value === where.value) === (where.op === 'eq')
  }
  if (where.kind === 'in' && where.values.length <= SHORT_LIST)
    return (value !== null && where.values.includes(value)) !== where.negated
  if (where.kind === 'null') return (value === null) === where.is
  return testOf(where, resource)([value])
}

/** The value of a field in a state. For the other side of a one-to-one relation it is the id there. */
function valueOf(field: Field, row: Row, state: RowState): Value {
  switch (field.is) {
    case 'count':
      return relatedCount(field.of, row[ID] as Id, state)
    case 'back':
      return state.children(field.via, row[ID] as Id)[0]?.[ID] ?? null
    default:
      return row[(field as Field & { slot: number }).slot]!
  }
}

/** Compiled tests of leaves that are not worth interpreting. */
const tests = new WeakMap<Leaf, (value: Row) => boolean>()

/** A test of a value that is the only element of a row. */
function testOf(where: Leaf, resource: Resource): (value: Row) => boolean {
  let test = tests.get(where)
  if (!test) tests.set(where, (test = compileTest(where, resource, valueAlone)))
  return test
}

const valueAlone: RowAccess<Row> = { value: () => row => row[0]!, one: () => () => null, many: () => () => [] }

/**
 * Whether a predicate only needs stored fields, relations and counts. Others cannot be evaluated here, and their queries run
 * again.
 */
export function isFollowable(resource: Resource, where: Predicate): boolean {
  switch (where.kind) {
    case 'constant':
      return true
    case 'and':
    case 'or':
      return where.of.every(part => isFollowable(resource, part))
    case 'not':
      return isFollowable(resource, where.of)
    case 'one':
    case 'many':
      return isFollowable(getOrThrow(resource.field, where.field).target as Resource, where.of)
    default: {
      const field = resource.field.get(where.field)
      if (field?.is === 'many' || (field?.is === 'back' && field.toMany)) return where.kind === 'size'
      if (field?.is === 'back') return where.kind !== 'size'
      return field?.is === 'scalar' || field?.is === 'one' || field?.is === 'count'
    }
  }
}
