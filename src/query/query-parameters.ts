import { note } from './faults.ts'
import { operate, operatorsOf, type Operator, type FilterReading } from './operator.ts'
import { everything, type Predicate } from './predicate.ts'
import type { Scope, ScopeField } from './scope.ts'

/** Operators with a list as operand: separated by commas in one parameter, or one element in each of several parameters. */
const lists: ReadonlySet<string> = new Set(['in', 'nin', 'hasAny', 'hasAll'])

/**
 * Reads one condition in the flat form: `path=value` or `path[operator]=value`, where a dot follows a to-one relation.
 * `?age[gte]=18` becomes a predicate here. `values` has the values of all parameters with this name. Faults are noted under
 * that name.
 */
export function parseFlat(reading: FilterReading, scope: Scope, name: string, values: readonly string[]): Predicate {
  const where = (): { parameter: string } => ({ parameter: name })
  const bracket = name.indexOf('[')
  const op = bracket < 0 ? 'eq' : name.slice(bracket + 1, -1)
  const path = (bracket < 0 ? name : name.slice(0, bracket)).split('.')
  const wrong = (code: Parameters<typeof note>[1], detail: string): Predicate => {
    note(reading.faults, code, where, detail)
    return everything
  }
  if (bracket >= 0 && !name.endsWith(']')) return wrong('unknown_param', 'A bracket has no end')

  const steps: ScopeField[] = []
  let at: Scope | null = scope
  for (const key of path) {
    const field: ScopeField | undefined = at?.field.get(key)
    if (!field || field.hidden) return wrong('unknown_param', `There is no parameter and no field ${path.join('.')}`)
    if (!field.filterable) return wrong('forbidden_field', `${path.join('.')} cannot be filtered by`)
    steps.push(field)
    at = field.target
  }
  const many = steps.slice(0, -1).find(step => step.toMany)
  if (many) return wrong('unknown_operator', `${many.name} is a list; say $some, $every or $none in the JSON form`)
  if (steps.length - 1 > reading.limits.filterDepth) return wrong('unknown_param', 'The path is too long')

  const field = steps.pop()!
  const operators = operatorsOf(field)
  if (!operators.includes(op as Operator))
    return wrong('unknown_operator', `${field.name} has no operator ${op}; it has ${operators.join(', ')}`)
  if (values.length > 1 && !lists.has(op)) return wrong('duplicate', 'The parameter is there more than once')
  const operand = lists.has(op) ? (values.length > 1 ? values : values[0]!.split(',')) : values[0]
  const condition = operate(reading, field, op as Operator, operand, where)
  return steps.reduceRight<Predicate>((of, step) => Object.freeze({ kind: 'one', field: step.name, of }), condition)
}
