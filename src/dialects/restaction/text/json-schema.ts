import { resolveNode, type DictNode, type ListNode, type ScalarNode, type TextNode } from './node.ts'
import { parseText, type TextSchemaOptions } from './text.ts'
import type { JsonSchema } from '../../../schema/json-schema.ts'

export interface JsonSchemaOptions extends TextSchemaOptions {
  /** Makes the reference to a shared schema. Default: `#/$defs/` and its name; the schemas are then part of the result. */
  readonly refer?: (name: string) => string
}

const dialect = 'https://json-schema.org/draft/2020-12/schema'

/**
 * The JSON Schema (draft 2020-12) of what a text returns. It also accepts this. Spellings that are converted (`"5"` for 5) are
 * not described. An optional value may be left out of the input; in the result it is null or, for strings, `""`.
 */
export function toJsonSchema(schema: unknown, options: JsonSchemaOptions = {}): JsonSchema {
  const definitions = new Map<string, JsonSchema>()
  const context: Context = { refer: options.refer ?? (name => `#/$defs/${name}`), definitions }
  const body = schemaOf(parseText(schema, options), context)
  if (options.refer) return body
  const defs = definitions.size ? { $defs: Object.fromEntries(definitions) } : {}
  return { $schema: dialect, ...body, ...defs }
}

interface Context {
  readonly refer: (name: string) => string
  readonly definitions: Map<string, JsonSchema>
}

function schemaOf(node: TextNode, context: Context, desc: string | null = node.desc): JsonSchema {
  const described = desc === null || desc === '' ? {} : { description: desc }
  switch (node.is) {
    case 'scalar':
      return { ...scalarSchema(node), ...described }
    case 'list':
      return { ...orNull(listSchema(node, context), node.optional), ...described }
    case 'dict':
      return { ...orNull(dictSchema(node, context), node.optional), ...described }
    case 'refer': {
      define(node.to, node.target, context)
      return { ...orNull({ $ref: context.refer(node.to) }, node.optional), ...described }
    }
  }
}

/**
 * Adds a definition. The same name may refer to another schema later, because a resource's shared schemas win over the API's.
 * The first one is kept.
 */
function define(name: string, target: TextNode, context: Context): void {
  if (context.definitions.has(name)) return
  context.definitions.set(name, {})
  context.definitions.set(name, schemaOf(target, context))
}

function scalarSchema({ validator, params, optional, default: standard }: ScalarNode): JsonSchema {
  const own = validator.schema(params)
  const base: JsonSchema =
    validator.string && own['type'] === 'string' && !optional && own['format'] === undefined && !own['pattern']
      ? { ...own, minLength: Math.max(1, Number(own['minLength'] ?? 0)) }
      : own
  if (standard !== null) return { anyOf: [base, { const: standard }], default: standard }
  if (!optional) return base
  if (!validator.string) return orNull(base, true)
  const plain = own['minLength'] === undefined && own['format'] === undefined && own['pattern'] === undefined
  return plain && own['type'] === 'string'
    ? { ...own, type: ['string', 'null'] }
    : { anyOf: [base, { enum: ['', null] }] }
}

function listSchema({ item, minlen, maxlen, unique }: ListNode, context: Context): JsonSchema {
  return {
    type: 'array',
    items: schemaOf(item, context),
    ...(minlen > 0 ? { minItems: Math.ceil(minlen) } : {}),
    maxItems: Math.max(0, Math.floor(maxlen)),
    ...(unique ? { uniqueItems: true } : {}),
  }
}

function dictSchema({ merges, fields }: DictNode, context: Context): JsonSchema {
  const all = [...merges.flatMap(merge => merge.node.fields), ...fields]
  const required = all.filter(field => !mayLack(field.node)).map(field => field.name)
  return {
    type: 'object',
    properties: Object.fromEntries(all.map(({ name, node, desc }) => [name, schemaOf(node, context, desc)])),
    ...(required.length ? { required: [...new Set(required)] } : {}),
  }
}

function mayLack(node: TextNode): boolean {
  if (node.optional) return true
  const at = resolveNode(node)
  return at.optional || (at.is === 'scalar' && at.default !== null)
}

function orNull(schema: JsonSchema, optional: boolean): JsonSchema {
  if (!optional) return schema
  return typeof schema['type'] === 'string'
    ? { ...schema, type: [schema['type'], 'null'] }
    : { anyOf: [schema, { type: 'null' }] }
}
