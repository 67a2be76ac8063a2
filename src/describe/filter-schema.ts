import type { Field, Resource } from '../model/model.ts'
import { operatorsOf, typeOf, type Operator } from '../query/operator.ts'
import { listWords } from '../query/query.ts'
import type { ScalarType } from '../schema/scalar-type.ts'
import type { JsonSchema } from '../schema/json-schema.ts'

/** A condition in the flat form, such as `rank[gte]`, with the schema of its operand. */
export interface FlatParameter {
  readonly name: string
  readonly field: Field
  readonly operator: Operator
  readonly schema: JsonSchema
}

const lists: ReadonlySet<Operator> = new Set(['in', 'nin', 'hasAny', 'hasAll'])

/** All conditions on a resource's own fields that a URL may contain (protocol §4.2). */
export function flatParameters(resource: Resource): FlatParameter[] {
  return resource.fields
    .filter(field => field.filterable && !field.hidden)
    .flatMap(field =>
      operatorsOf(field).map((operator): FlatParameter => ({
        name: operator === 'eq' ? field.name : `${field.name}[${operator}]`,
        field,
        operator,
        schema: operandSchema(field, operator),
      })),
    )
    .filter(({ name }) => !listWords.has(name))
}

/** The JSON form of a filter. `refer` makes the reference to the filter of a related resource. */
export function filterSchema(resource: Resource, refer: (resource: Resource) => string): JsonSchema {
  const own = refer(resource)
  const filters = { type: 'array', items: { $ref: own } }
  const fields = resource.fields.filter(field => field.filterable && !field.hidden)
  return {
    type: 'object',
    description: `Which rows of ${resource.name}; all members must hold. A field takes a value or operators.`,
    properties: {
      ...Object.fromEntries(fields.map(field => [field.name, conditionSchema(field, refer)])),
      $and: filters,
      $or: filters,
      $not: { $ref: own },
    },
    additionalProperties: false,
  }
}

function conditionSchema(field: Field, refer: (resource: Resource) => string): JsonSchema {
  const operators = operatorsOf(field)
  const members = Object.fromEntries(
    operators.map(operator => [`$${operator}`, operatorSchema(field, operator)] as const),
  )
  const nested = field.target ? { $ref: refer(field.target as Resource) } : null
  if (field.toMany) {
    const quantified = { $some: nested, $every: nested, $none: nested }
    return { type: 'object', properties: { ...quantified, ...members }, additionalProperties: false, minProperties: 1 }
  }
  const conditions = { type: 'object', properties: members, additionalProperties: false, minProperties: 1 }
  const plain = plainSchemas(field, operators)
  return { anyOf: [...plain, conditions, ...(nested ? [nested] : [])] }
}

/** Values that stand for `$eq` by themselves. Objects would be operators. */
function plainSchemas(field: Field, operators: readonly Operator[]): JsonSchema[] {
  if (isJson(field)) return [{ type: ['string', 'number', 'boolean', 'null'] }]
  return operators.includes('eq') ? [operandSchema(field, 'eq'), { type: 'null' }] : [{ type: 'null' }]
}

const isJson = (field: Field): boolean => typeOf(field)?.operators === 'json'

/** An operator in the JSON form, where null as a value means the null test. */
function operatorSchema(field: Field, operator: Operator): JsonSchema {
  const schema = operandSchema(field, operator)
  return (operator === 'eq' || operator === 'ne') && !isJson(field) ? { anyOf: [schema, { type: 'null' }] } : schema
}

function operandSchema(field: Field, operator: Operator): JsonSchema {
  const type = typeOf(field)
  if (operator === 'null') return { type: 'boolean' }
  if (operator === 'size') return { type: 'integer', minimum: 0 }
  if (lists.has(operator)) {
    return { type: 'array', items: comparedSchema(operator.startsWith('has') ? itemOf(type) : type) }
  }
  if (operator === 'has') return comparedSchema(itemOf(type))
  return isTextual(operator) ? { type: 'string' } : comparedSchema(type)
}

function isTextual(operator: Operator): boolean {
  return /^(i?contains|i?startsWith|i?endsWith|ieq)$/.test(operator)
}

function itemOf(type: ScalarType | null): ScalarType | null {
  return type?.list?.item ?? type
}

/** The schema of a compared value. It has no bounds, because a field may be compared with a value that it cannot have. */
function comparedSchema(type: ScalarType | null): JsonSchema {
  return type?.unbounded().schema ?? {}
}
