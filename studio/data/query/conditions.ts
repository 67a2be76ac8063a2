import type { Filter } from '../../server/client.ts'
import type { FieldInfo } from '../../server/fields.ts'
import { valueOf } from '../row/field-input.tsx'

/** One condition of a filter, as it is chosen. */
export interface Condition {
  readonly field: string
  readonly operator: string
  readonly text: string
}

/** Operators in words, as far as the builder offers them. */
export const operatorWords: Readonly<Record<string, string>> = {
  eq: 'is',
  ne: 'is not',
  gt: '>',
  gte: '≥',
  lt: '<',
  lte: '≤',
  contains: 'contains',
  icontains: 'contains (any case)',
  startsWith: 'starts with',
  istartsWith: 'starts with (any case)',
  endsWith: 'ends with',
  in: 'is one of',
  null: 'is null',
  has: 'has',
}

export const operatorsOf = (field: FieldInfo): string[] => field.operators.filter(one => one in operatorWords)

/** What the conditions select together. Throws Error with a sentence about the first that cannot be read. */
export function filterOf(conditions: readonly Condition[], fields: readonly FieldInfo[]): Filter | null {
  const parts = conditions.map(({ field: name, operator, text }) => {
    const field = fields.find(one => one.name === name)
    if (!field) throw new Error(`There is no field ${name}`)
    try {
      return { [name]: { [`$${operator}`]: operandOf(field, operator, text) } }
    } catch (error) {
      throw new Error(`${name} ${(error as Error).message}`, { cause: error })
    }
  })
  return parts.length === 0 ? null : parts.length === 1 ? parts[0]! : { $and: parts }
}

function operandOf(field: FieldInfo, operator: string, text: string): unknown {
  if (operator === 'null') return text !== 'false'
  if (operator === 'in') return text.split(',').map(one => valueOf({ ...field, nullable: false }, one.trim()))
  if (operator === 'has') return text
  return valueOf({ ...field, nullable: false }, text)
}

/** Conditions as they stand in the address of the page, and back. */
export const conditionsText = (conditions: readonly Condition[]): string =>
  conditions.length === 0 ? '' : JSON.stringify(conditions.map(({ field, operator, text }) => [field, operator, text]))

export function conditionsIn(text: string | null): Condition[] {
  try {
    const all = JSON.parse(text ?? '[]') as readonly (readonly unknown[])[]
    return all.map(([field, operator, value]) => ({
      field: String(field),
      operator: String(operator),
      text: String(value),
    }))
  } catch {
    return []
  }
}
