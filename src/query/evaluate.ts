import type { Value } from '../schema/field.ts'
import { fold } from './fold.ts'
import { orderOf } from './order.ts'
import type { CompareOp, Predicate } from './predicate.ts'
import type { Scope, ScopeField } from './scope.ts'

/** How rows are read: asked once for each field of a predicate, so that no name is looked up for a row. */
export interface Access<R> {
  /** The value of a scalar, or the id that a to-one holds. */
  value(field: ScopeField): (row: R) => Value
  /** The row at the other end of a to-one, or of the other side of a one-to-one; null = none. */
  one(field: ScopeField): (row: R) => R | null
  /** The rows at the other end of a to-many. */
  many(field: ScopeField): (row: R) => readonly R[]
  /** Rows stay as they are as long as a test is used: what was found of one need not be found again. */
  readonly isFrozen?: boolean
}

export type Test<R> = (row: R) => boolean

/**
 * Compiles a predicate to a function over rows. Its two-valued logic is the reference for every store: with a null
 * value `eq gt gte lt lte in has` and the text operators are false, `ne` and `nin` true; a null operand never equals.
 */
export function compile<R>(predicate: Predicate, scope: Scope, access: Access<R>): Test<R> {
  switch (predicate.kind) {
    case 'constant':
      return predicate.value ? () => true : () => false
    case 'and':
      return conjunction(predicate.of.map(p => compile(p, scope, access)))
    case 'or':
      return disjunction(predicate.of.map(p => compile(p, scope, access)))
    case 'not': {
      const test = compile(predicate.of, scope, access)
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
      return textTest(predicate, access.value(fieldOf(scope, predicate.field)))
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
      }
    }
  }
}

/**
 * The test of related rows. Many rows may lead to the same one: if that one must ask many others, it is asked once, so
 * that a list costs as much as there are relations, not their product.
 */
function testOfRelated<R>(of: Predicate, field: ScopeField, access: Access<R>): Test<R> {
  const test = compile(of, field.target!, access)
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
  // Canonical values are equal exactly if they are the same.
  if (op === 'eq') return row => value(row) === operand
  if (op === 'ne') return row => value(row) !== operand
  const order = orderOf(field.type ?? field.target?.idType ?? null)
  const ordered = (accepts: (sign: number) => boolean): Test<R> => {
    return row => {
      const v = value(row)
      return v !== null && accepts(order(v, operand))
    }
  }
  switch (op) {
    case 'gt':
      return ordered(sign => sign > 0)
    case 'gte':
      return ordered(sign => sign >= 0)
    case 'lt':
      return ordered(sign => sign < 0)
    case 'lte':
      return ordered(sign => sign <= 0)
  }
}

function textTest<R>(predicate: Predicate & { kind: 'text' }, value: (row: R) => Value): Test<R> {
  const normal = predicate.fold ? fold : (text: string): string => text
  const wanted = normal(predicate.value)
  const on = (accepts: (text: string) => boolean): Test<R> => {
    return row => {
      const text = value(row)
      return text !== null && accepts(normal(text as string))
    }
  }
  switch (predicate.op) {
    case 'eq':
      return on(text => text === wanted)
    case 'contains':
      return on(text => text.includes(wanted))
    case 'startsWith':
      return on(text => text.startsWith(wanted))
    case 'endsWith':
      return on(text => text.endsWith(wanted))
  }
}

function hasTest<R>(predicate: Predicate & { kind: 'has' }, value: (row: R) => Value): Test<R> {
  const { values } = predicate
  return row => {
    const list = value(row) as readonly Value[] | null
    if (list === null) return false
    return predicate.mode === 'any' ? values.some(v => list.includes(v)) : values.every(v => list.includes(v))
  }
}
