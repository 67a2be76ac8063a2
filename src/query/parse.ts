import { ApiError, pointer } from '../protocol/error.ts'
import { note, type FaultPlace } from './faults.ts'
import { count, operate, operatorsOf, type Operator, type FilterReading } from './operator.ts'
import { allOf, anyOf, everything, negate, type Predicate } from './predicate.ts'
import type { Scope, ScopeField } from './scope.ts'

/**
 * Reads the JSON form of a filter and checks it against the scope. Faults are noted with a pointer below `place`. A hidden
 * field is reported as unknown, so that its name is not revealed. Throws only ApiError `too_complex`.
 */
export function parseFilter(
  reading: FilterReading,
  scope: Scope,
  filter: unknown,
  place: FaultPlace & { pointer: string },
): Predicate {
  return new FilterParser(reading, place).filter(scope, filter, 0)
}

const quantifiers = { $some: 'some', $every: 'every', $none: 'none' } as const

class FilterParser {
  readonly #reading: FilterReading
  readonly #place: FaultPlace & { pointer: string }
  /** Members and indexes on the way to the current place. */
  readonly #path: (string | number)[] = []

  constructor(reading: FilterReading, place: FaultPlace & { pointer: string }) {
    this.#reading = reading
    this.#place = place
  }

  readonly #here = (): FaultPlace => ({ ...this.#place, pointer: pointer(this.#place.pointer, ...this.#path) })

  filter(scope: Scope, filter: unknown, level: number): Predicate {
    if (level > this.#reading.limits.filterDepth) {
      throw new ApiError('too_complex', {
        detail: `A filter may be nested ${this.#reading.limits.filterDepth} levels deep`,
      })
    }
    if (!isObject(filter)) return this.#wrong('type', 'An object is expected')
    return allOf(...this.#each(filter, (key, value) => this.#member(scope, key, value, level)))
  }

  #each(object: object, read: (key: string, value: unknown) => Predicate): Predicate[] {
    return Object.entries(object).map(([key, value]) => this.#in(key, () => read(key, value)))
  }

  #in(key: string | number, read: () => Predicate): Predicate {
    this.#path.push(key)
    const predicate = read()
    this.#path.pop()
    return predicate
  }

  #member(scope: Scope, key: string, value: unknown, level: number): Predicate {
    switch (key) {
      case '$and':
        return allOf(...this.#filters(scope, value, level))
      case '$or':
        return anyOf(...this.#filters(scope, value, level))
      case '$not':
        count(this.#reading)
        return negate(this.filter(scope, value, level + 1))
    }
    if (key.startsWith('$')) return this.#wrong('unknown_operator', `There is no operator ${key} here`)
    const field = scope.field.get(key)
    if (!field || field.hidden) return this.#wrong('unknown_field', `There is no field ${key}`)
    if (!field.filterable) return this.#wrong('forbidden_field', `${key} cannot be filtered by`)
    return this.#condition(field, value, level)
  }

  #filters(scope: Scope, filters: unknown, level: number): Predicate[] {
    count(this.#reading)
    if (!Array.isArray(filters)) return [this.#wrong('type', 'An array of filters is expected')]
    return filters.map((filter, i) => this.#in(i, () => this.filter(scope, filter, level + 1)))
  }

  #condition(field: ScopeField, value: unknown, level: number): Predicate {
    if (!isObject(value)) return operate(this.#reading, field, 'eq', value, this.#here)
    if (field.toMany) return this.#quantified(field, value, level)
    const nested: [string, unknown][] = []
    const conditions = this.#each(value, (key, operand): Predicate => {
      const op = key.slice(1) as Operator
      const isOperator = key.startsWith('$')
      if (field.target && !(isOperator && operatorsOf(field).includes(op))) {
        nested.push([key, operand])
        return everything
      }
      if (isOperator) return operate(this.#reading, field, op, operand, this.#here)
      return this.#wrong('unknown_operator', 'An operator begins with $')
    })
    if (field.target && nested.length === conditions.length) return this.#one(field, value, level)
    if (field.target && nested.length > 0) conditions.push(this.#one(field, Object.fromEntries(nested), level))
    return conditions.length > 0 ? allOf(...conditions) : this.#wrong('type', 'A value or an operator is expected')
  }

  #one(field: ScopeField, filter: unknown, level: number): Predicate {
    count(this.#reading)
    return Object.freeze({ kind: 'one', field: field.name, of: this.filter(field.target!, filter, level + 1) })
  }

  #quantified(field: ScopeField, value: Readonly<Record<string, unknown>>, level: number): Predicate {
    const conditions = this.#each(value, (key, operand): Predicate => {
      if (key === '$size') return operate(this.#reading, field, 'size', operand, this.#here)
      const quantifier = Object.hasOwn(quantifiers, key) ? quantifiers[key as keyof typeof quantifiers] : null
      if (quantifier === null) {
        return this.#wrong('unknown_operator', `${field.name} is a list; it has $some, $every, $none and $size`)
      }
      count(this.#reading)
      const of = this.filter(field.target!, operand, level + 1)
      return Object.freeze({ kind: 'many', field: field.name, quantifier, of })
    })
    return conditions.length > 0
      ? allOf(...conditions)
      : this.#wrong('type', '$some, $every, $none or $size is expected')
  }

  #wrong(code: Parameters<typeof note>[1], detail: string): Predicate {
    note(this.#reading.faults, code, this.#here, detail)
    return everything
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
