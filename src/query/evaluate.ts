import { canonicalJson } from '../protocol/canonical-json.ts'
import type { Value } from '../schema/field.ts'
import { fold } from './folding/fold.ts'
import { orderOf } from './order.ts'
import type { CompareOp, Predicate } from './predicate.ts'
import type { Scope, ScopeField } from './scope.ts'

/** How rows are read. Each method is called once per field of a predicate, so that no name is looked up per row. */
export interface RowAccess<R> {
  /** The value of a scalar, or the id in a to-one. */
  value(field: ScopeField): (row: R) => Value
  /** The related row of a to-one or of the other side of a one-to-one. null = none. */
  one(field: ScopeField): (row: R) => R | null
  /** The related rows of a to-many. */
  many(field: ScopeField): (row: R) => readonly R[]
  /** Whether rows do not change while a test is used, so that results about a row can be reused. */
  readonly isFrozen?: boolean
}

export type Test<R> = (row: R) => boolean

/**
 * Compiles a predicate to a function over rows. Its two-valued logic is the reference for all stores. For a null value `eq gt
 * gte lt lte in has` and the text operators are false, `ne` and `nin` are true. A null operand equals nothing.
 */
export function compileTest<R>(predicate: Predicate, scope: Scope, access: RowAccess<R>): Test<R> {
  switch (predicate.kind) {
    case 'constant':
      return predicate.value ? () => true : () => false
    case 'and':
      return conjunction(predicate.of.map(p => compileTest(p, scope, access)))
    case 'or':
      return disjunction(predicate.of.map(p => compileTest(p, scope, access)))
    case 'not': {
      const test = compileTest(predicate.of, scope, access)
      return row => !test(row)
    }
    case 'compare': {
      const field = fieldOf(scope, predicate.field)
      return comparison(predicate.op, predicate.value, field, access.value(field))
    }
    case 'in': {
      const value = access.value(fieldOf(scope, predicate.field))
      const { negated } = predicate
      const values = new Set<Value>(predicate.values.filter(v => v !== null))
      return row => values.has(value(row)) !== negated
    }
    case 'null': {
      const value = access.value(fieldOf(scope, predicate.field))
      return predicate.is ? row => value(row) === null : row => value(row) !== null
    }
    case 'text':
      return textTest(predicate, textOf(predicate, scope, access))
    case 'has':
      return hasTest(predicate, access.value(fieldOf(scope, predicate.field)))
    case 'size': {
      const field = fieldOf(scope, predicate.field)
      const { value: size } = predicate
      if (field.toMany) {
        const related = access.many(field)
        return row => related(row).length === size
      }
      const value = access.value(field)
      return row => (value(row) as readonly Value[] | null)?.length === size
    }
    case 'one': {
      const field = fieldOf(scope, predicate.field)
      const related = access.one(field)
      const test = testOfRelated(predicate.of, field, access)
      return row => {
        const other = related(row)
        return other !== null && test(other)
      }
    }
    case 'many': {
      const field = fieldOf(scope, predicate.field)
      const related = access.many(field)
      const test = testOfRelated(predicate.of, field, access)
      switch (predicate.quantifier) {
        case 'some':
          return row => related(row).some(test)
        case 'every':
          return row => related(row).every(test)
        case 'none':
          return row => !related(row).some(test)
        case 'count': {
          const accepts = signs[predicate.op]
          return row => accepts(related(row).filter(test).length - predicate.value)
        }
      }
    }
  }
}

/**
 * Compiles the test of related rows. Many rows may lead to the same related row. If testing that one needs many further rows,
 * its result is remembered. A list then costs as much as the sum of its relations, not as their product.
 */
function testOfRelated<R>(of: Predicate, field: ScopeField, access: RowAccess<R>): Test<R> {
  const test = compileTest(of, field.target!, access)
  if (!access.isFrozen || !asksMany(of)) return test
  const known = new Map<R, boolean>()
  return row => {
    let answer = known.get(row)
    if (answer === undefined) known.set(row, (answer = test(row)))
    return answer
  }
}

function asksMany(predicate: Predicate): boolean {
  switch (predicate.kind) {
    case 'and':
    case 'or':
      return predicate.of.some(asksMany)
    case 'not':
    case 'one':
      return asksMany(predicate.of)
    case 'many':
    case 'size':
      return true
    default:
      return false
  }
}

function fieldOf(scope: Scope, name: string): ScopeField {
  const field = scope.field.get(name)
  if (!field) throw new Error(`${scope.name} has no field ${name}`)
  return field
}

function conjunction<R>(tests: readonly Test<R>[]): Test<R> {
  const [a, b] = tests
  if (a && b && tests.length === 2) return row => a(row) && b(row)
  return row => tests.every(test => test(row))
}

function disjunction<R>(tests: readonly Test<R>[]): Test<R> {
  const [a, b] = tests
  if (a && b && tests.length === 2) return row => a(row) || b(row)
  return row => tests.some(test => test(row))
}

function comparison<R>(op: CompareOp, operand: Value, field: ScopeField, value: (row: R) => Value): Test<R> {
  if (operand === null) return op === 'ne' ? () => true : () => false
  // Equal canonical values are identical.
  if (op === 'eq') return row => value(row) === operand
  if (op === 'ne') return row => value(row) !== operand
  const order = orderOf(field.type ?? field.target?.idType ?? null)
  const accepts = signs[op]
  return row => {
    const v = value(row)
    return v !== null && accepts(order(v, operand))
  }
}

/** Which signs of a difference fulfil a comparison. */
export const signs: Readonly<Record<CompareOp, (sign: number) => boolean>> = {
  eq: sign => sign === 0,
  ne: sign => sign !== 0,
  gt: sign => sign > 0,
  gte: sign => sign >= 0,
  lt: sign => sign < 0,
  lte: sign => sign <= 0,
}

/** Reads the folded text of a field by an access: several tests of a row share what the first of them folded. */
const folding = new WeakMap<object, Map<ScopeField, unknown>>()

function textOf<R>(test: Predicate & { kind: 'text' }, scope: Scope, access: RowAccess<R>): (row: R) => Value {
  const field = fieldOf(scope, test.field)
  const value = access.value(field)
  if (test.op === 'json') return row => jsonOf(value(row))
  if (!test.fold) return value
  let known = folding.get(access)
  if (!known) folding.set(access, (known = new Map()))
  const found = known.get(field)
  if (found) return found as (row: R) => Value
  const read = foldingOf(access.value(field))
  known.set(field, read)
  return read
}

function foldingOf<R>(value: (row: R) => Value): (row: R) => Value {
  let last: Value = null
  let folded: Value = null
  return row => {
    const text = value(row)
    if (text === last) return folded
    last = text
    return (folded = text === null ? null : fold(text as string))
  }
}

const jsonOf = (value: Value): Value => (value === null ? null : canonicalJson(value))

function textTest<R>(predicate: Predicate & { kind: 'text' }, text: (row: R) => Value): Test<R> {
  const wanted = predicate.fold ? fold(predicate.value) : predicate.value
  const on = (accepts: (text: string) => boolean): Test<R> => {
    return row => {
      const value = text(row)
      return value !== null && accepts(value as string)
    }
  }
  switch (predicate.op) {
    case 'eq':
    case 'json':
      return on(value => value === wanted)
    case 'contains':
      return on(value => value.includes(wanted))
    case 'startsWith':
      return on(value => value.startsWith(wanted))
    case 'endsWith':
      return on(value => value.endsWith(wanted))
  }
}

function hasTest<R>(predicate: Predicate & { kind: 'has' }, value: (row: R) => Value): Test<R> {
  const wanted = new Set(predicate.values)
  if (predicate.mode === 'any') return row => (value(row) as readonly Value[] | null)?.some(v => wanted.has(v)) ?? false
  return row => {
    const list = value(row) as readonly Value[] | null
    return list !== null && wanted.isSubsetOf(new Set(list))
  }
}
