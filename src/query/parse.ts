import { ApiError, pointer } from '../protocol/error.ts'
import { note, type Place } from './faults.ts'
import { count, operate, operatorsOf, type Operator, type Reading } from './operator.ts'
import { all, any, everything, not, type Predicate } from './predicate.ts'
import type { Scope, ScopeField } from './scope.ts'

/**
 * The JSON form of a filter, checked against the scope (docs: query language). Faults are noted with a pointer below
 * `place`; hidden fields are as unknown as absent ones. Throws only what is `too_complex`.
 */
export function parseFilter(
  reading: Reading,
  scope: Scope,
  filter: unknown,
  place: Place & { pointer: string },
): Predicate {
  return new FilterParser(reading, place).filter(scope, filter, place.pointer, 0)
}

const quantifiers = { $some: 'some', $every: 'every', $none: 'none' } as const

class FilterParser {
  readonly #reading: Reading
  readonly #place: Place

  constructor(reading: Reading, place: Place) {
    this.#reading = reading
    this.#place = place
  }

  filter(scope: Scope, filter: unknown, at: string, level: number): Predicate {
    if (level > this.#reading.limits.filterDepth) {
      throw new ApiError('too_complex', {
        detail: `A filter may be nested ${this.#reading.limits.filterDepth} levels deep`,
      })
    }
    if (!isObject(filter)) return this.#wrong('type', at, 'An object is expected')
    return all(
      ...Object.entries(filter).map(([key, value]) => this.#member(scope, key, value, pointer(at, key), level)),
    )
  }

  #member(scope: Scope, key: string, value: unknown, at: string, level: number): Predicate {
    switch (key) {
      case '$and':
        return all(...this.#filters(scope, value, at, level))
      case '$or':
        return any(...this.#filters(scope, value, at, level))
      case '$not':
        count(this.#reading)
        return not(this.filter(scope, value, at, level + 1))
    }
    if (key.startsWith('$')) return this.#wrong('unknown_operator', at, `There is no operator ${key} here`)
    const field = scope.field.get(key)
    if (!field || field.hidden) return this.#wrong('unknown_field', at, `There is no field ${key}`)
    if (!field.filterable) return this.#wrong('forbidden_field', at, `${key} cannot be filtered by`)
    return this.#condition(field, value, at, level)
  }

  #filters(scope: Scope, filters: unknown, at: string, level: number): Predicate[] {
    count(this.#reading)
    if (!Array.isArray(filters)) return [this.#wrong('type', at, 'An array of filters is expected')]
    return filters.map((filter, i) => this.filter(scope, filter, pointer(at, i), level + 1))
  }

  #condition(field: ScopeField, value: unknown, at: string, level: number): Predicate {
    if (!isObject(value)) return operate(this.#reading, field, 'eq', value, this.#at(at))
    if (field.toMany) return this.#quantified(field, value, at, level)
    const conditions: Predicate[] = []
    const nested: [string, unknown][] = []
    for (const [key, operand] of Object.entries(value)) {
      const op = key.slice(1) as Operator
      if (field.target && !(key.startsWith('$') && operatorsOf(field).includes(op))) nested.push([key, operand])
      else if (key.startsWith('$'))
        conditions.push(operate(this.#reading, field, op, operand, this.#at(pointer(at, key))))
      else conditions.push(this.#wrong('unknown_operator', pointer(at, key), 'An operator begins with $'))
    }
    if (field.target && (nested.length > 0 || conditions.length === 0)) {
      count(this.#reading)
      const of = this.filter(field.target, Object.fromEntries(nested), at, level + 1)
      conditions.push(Object.freeze({ kind: 'one', field: field.name, of }))
    }
    if (conditions.length === 0) return this.#wrong('type', at, 'A value or an operator is expected')
    return all(...conditions)
  }

  #quantified(field: ScopeField, value: Readonly<Record<string, unknown>>, at: string, level: number): Predicate {
    const conditions = Object.entries(value).map(([key, operand]): Predicate => {
      const place = pointer(at, key)
      if (key === '$size') return operate(this.#reading, field, 'size', operand, this.#at(place))
      const quantifier = Object.hasOwn(quantifiers, key) ? quantifiers[key as keyof typeof quantifiers] : null
      if (quantifier === null) {
        return this.#wrong('unknown_operator', place, `${field.name} is a list; it has $some, $every, $none and $size`)
      }
      count(this.#reading)
      const of = this.filter(field.target!, operand, place, level + 1)
      return Object.freeze({ kind: 'many', field: field.name, quantifier, of })
    })
    return conditions.length > 0
      ? all(...conditions)
      : this.#wrong('type', at, '$some, $every, $none or $size is expected')
  }

  #wrong(code: Parameters<typeof note>[1], at: string, detail: string): Predicate {
    note(this.#reading.faults, code, this.#at(at), detail)
    return everything
  }

  #at(at: string): Place {
    return { ...this.#place, pointer: at }
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
