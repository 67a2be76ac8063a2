import type { Model } from '../model/model.ts'
import type { FieldDef } from '../schema/field.ts'
import type { Schema } from '../schema/schema.ts'
import { jsonSchemaOf, type StandardSchema } from '../schema/standard/standard.ts'
import type { JsonSchema } from '../schema/json-schema.ts'
import { orNull } from './or-null.ts'

/**
 * The JSON Schema of an action's input or output, however it was declared: with field builders, a Standard Schema whose library
 * offers it, or a notation. `{}` = nothing is known. Definitions are in its own `$defs`.
 */
export function actionSchema(schema: Schema, side: 'input' | 'output', model: Model): JsonSchema {
  switch (schema.kind) {
    case 'field':
      return fieldSchema((schema.declared as { readonly '~def': FieldDef })['~def'], model)
    case 'members':
      return membersSchema(schema.members!, side, model)
    case 'list':
      return { type: 'array', items: actionSchema(schema.item!, side, model) }
    case 'standard':
      return jsonSchemaOf(schema.declared as StandardSchema, side) ?? {}
    case 'notation':
      return schema.json?.() ?? {}
  }
}

function membersSchema(members: ReadonlyMap<string, Schema>, side: 'input' | 'output', model: Model): JsonSchema {
  const definitions: Record<string, JsonSchema> = {}
  const properties = [...members].map(([name, member]) => {
    // References look for definitions in the whole schema, so those of its parts are moved there.
    const { $defs, $schema: _, ...schema } = actionSchema(member, side, model)
    Object.assign(definitions, $defs)
    return [name, schema] as const
  })
  const required = [...members].filter(([, member]) => side === 'output' || isRequired(member)).map(([name]) => name)
  return {
    type: 'object',
    properties: Object.fromEntries(properties),
    ...(required.length ? { required } : {}),
    additionalProperties: false,
    ...(Object.keys(definitions).length ? { $defs: definitions } : {}),
  }
}

/**
 * Whether a member must be sent. A field may be missing if it has a default or may be null. Other schemas decide when a request
 * comes.
 */
function isRequired(schema: Schema): boolean {
  if (schema.kind !== 'field') return schema.kind === 'members' || schema.kind === 'list'
  const def = (schema.declared as { readonly '~def': FieldDef })['~def']
  return def.default === undefined && def.nullable !== true
}

function fieldSchema(def: FieldDef, model: Model): JsonSchema {
  const type = def.is === 'one' ? model.resources.get(def.to)?.idType : def.is === 'scalar' ? def.type : undefined
  if (type === undefined) return {}
  const schema = type.schema
  const words = [def.description, type.bounds].filter(Boolean).join('; ')
  return {
    ...(def.nullable ? orNull(schema) : schema),
    ...(def.default && 'value' in def.default ? { default: def.default.value } : {}),
    ...(def.title === undefined ? {} : { title: def.title }),
    ...(words === '' ? {} : { description: words }),
    ...(def.examples?.length ? { examples: [...def.examples] } : {}),
  }
}
