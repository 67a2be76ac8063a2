import type { BackField, Field, ManyField, OneField, Resource, ScalarField } from '../model/model.ts'
import type { JsonSchema } from '../schema/json-schema.ts'
import { orNull } from './or-null.ts'

/**
 * Makes the reference to the schema of a row that is created together with another one. `implied` is the field that the other
 * row determines.
 */
export type Refer = (resource: Resource, implied: OneField | null) => string

/** A row at depth 1: related rows as ids, without lists that are only links. */
export function rowSchema(resource: Resource): JsonSchema {
  const shown = resource.fields.filter(field => isShown(field))
  const masked = resource.rules?.fields ?? {}
  return object(
    resource,
    shown.map(field => [field, readSchema(field)]),
    // If only some callers may read a field, it is missing for the others.
    shown.filter(field => masked[field.name]?.read === undefined),
  )
}

/** A row as `depth`, `include` and `fields` may shape it: any of its fields, with related rows as ids or as rows. */
export function shapedSchema(resource: Resource, refer: (resource: Resource) => string): JsonSchema {
  const shown = resource.fields.filter(field => !field.hidden)
  return object(
    resource,
    shown.map(field => {
      if (field.is !== 'one' && field.is !== 'back' && field.is !== 'many') return [field, readSchema(field)]
      const row = { anyOf: [field.target.idType.schema, { $ref: refer(field.target) }] }
      if (field.toMany) return [field, { type: 'array', items: row }]
      return [field, field.is === 'back' || field.nullable ? { anyOf: [...row.anyOf, { type: 'null' }] } : row]
    }),
    [],
  )
}

/** The body that creates a row. `implied` may be missing, because the row around it determines it. */
export function createSchema(resource: Resource, refer: Refer, implied: OneField | null = null): JsonSchema {
  const taken = resource.fields.filter(field => isWritten(field) || isClientId(field))
  return object(
    resource,
    taken.map(field => [field, writeSchema(field, refer, true)]),
    taken.filter(field => (field === resource.id ? isChosenId(resource) : field !== implied && isRequired(field))),
  )
}

/** The body that replaces a row. The id and read-only fields may be included if they are unchanged. */
export function replaceSchema(resource: Resource, refer: Refer): JsonSchema {
  const taken = resource.fields.filter(isWritten)
  return object(
    resource,
    taken.map(field => [field, writeSchema(field, refer, true)]),
    taken.filter(isRequired),
  )
}

/** The body that changes the fields that it names (RFC 7396). */
export function patchSchema(resource: Resource, refer: Refer): JsonSchema {
  return object(
    resource,
    resource.fields.filter(isWritten).map(field => [field, writeSchema(field, refer, false)]),
    [],
  )
}

/** The required field that a row nested in a relation may leave out. null = there is none. */
export function impliedBy(field: Field): OneField | null {
  return field.is === 'back' && isRequired(field.via) ? field.via : null
}

/** Whether a row at depth 1 shows a field. */
function isShown(field: Field): boolean {
  return !field.hidden && !((field.is === 'back' || field.is === 'many') && !field.ids)
}

function object(
  resource: Resource,
  properties: readonly (readonly [Field, JsonSchema])[],
  required: readonly Field[],
): JsonSchema {
  const description = resource.docs.description
  return {
    type: 'object',
    title: resource.title,
    ...(description === '' ? {} : { description }),
    properties: Object.fromEntries(properties.map(([field, schema]) => [field.name, told(field, schema)])),
    ...(required.length ? { required: required.map(field => field.name) } : {}),
    additionalProperties: false,
  }
}

/** Adds title, description and examples of the declaration, and words for bounds that no keyword expresses. */
function told(field: Field, schema: JsonSchema): JsonSchema {
  const own = schema['description']
  const words = [field.description, typeof own === 'string' ? own : boundsOf(field)].filter(Boolean).join('; ')
  return {
    ...schema,
    ...(field.title === null ? {} : { title: field.title }),
    ...(words === '' ? {} : { description: words }),
    ...(field.examples.length ? { examples: [...field.examples] } : {}),
  }
}

/** The bounds of a value in words: of a file those of its bytes, not of the JSON that is kept about it. */
function boundsOf(field: Field): string {
  if (field.is !== 'scalar' || !field.def.file) return field.type?.bounds ?? ''
  const { max, types } = field.def.file
  return `at most ${max} bytes${types.length === 0 ? '' : ` of ${types.join(', ')}`}`
}

/** The value of a field at depth 1. */
function readSchema(field: Field): JsonSchema {
  switch (field.is) {
    case 'scalar':
      if (field.def.file) return orNull(fileSchema(field))
      return field.nullable ? orNull(field.type.schema) : field.type.schema
    case 'calc':
      return field.nullable ? orNull(field.type.schema) : field.type.schema
    case 'one':
      return field.nullable ? orNull(field.target.idType.schema) : field.target.idType.schema
    case 'back':
    case 'many':
      return field.toMany ? { type: 'array', items: field.target.idType.schema } : orNull(field.target.idType.schema)
    case 'count':
      return { type: 'integer', minimum: 0 }
    case 'self':
      return { type: 'string', format: 'uri-reference' }
  }
}

function writeSchema(field: Field, refer: Refer, defaults: boolean): JsonSchema {
  const standard = defaults && field.default && 'value' in field.default ? { default: field.default.value } : {}
  switch (field.is) {
    case 'one':
      return { ...targetSchema(field, refer), ...standard }
    case 'back':
    case 'many':
      return field.toMany ? { type: 'array', items: targetSchema(field, refer) } : targetSchema(field, refer)
    default:
      // The bytes of a file are not sent as JSON.
      if (field.is === 'scalar' && field.def.file) return { type: 'null', description: 'Null deletes the file.' }
      return { ...readSchema(field), ...standard }
  }
}

/** What a row shows about a file. */
export function fileSchema(field: ScalarField): JsonSchema {
  const { max } = field.def.file!
  const properties = {
    name: { type: ['string', 'null'], description: 'The name that the sender gave it.' },
    type: { type: 'string', description: 'Its media type.' },
    size: { type: 'integer', minimum: 0, maximum: max },
    digest: { type: 'string', description: '`sha-256=:…:` (RFC 9530).' },
    modified: { type: 'string', format: 'date-time' },
    version: { type: 'string', description: 'Changes with the bytes. It is the entity tag of the download.' },
    url: { type: 'string', format: 'uri-reference', description: 'Where its bytes are.' },
  }
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false }
}

/** A form that creates or changes a row: files as they are, other fields as text, or as JSON if the part has that media type. */
export function formSchema(resource: Resource): JsonSchema {
  const taken = resource.fields.filter(field => isWritten(field) && field.is !== 'back' && field.is !== 'many')
  const schemaOf = (field: Field): JsonSchema => {
    if (field.is === 'one') return field.target.idType.schema
    if (field.is === 'scalar' && field.def.file) return { type: 'string', format: 'binary' }
    return field.type!.schema
  }
  return object(
    resource,
    taken.map(field => [field, schemaOf(field)]),
    [],
  )
}

/** A related row in a body: its id, or the members from which it is created. */
function targetSchema(field: OneField | BackField | ManyField, refer: Refer): JsonSchema {
  const anyOf = [
    field.target.idType.schema,
    ...(field.target.options.readOnly ? [] : [{ $ref: refer(field.target, impliedBy(field)) }]),
  ]
  const optional = !field.toMany && (field.is === 'back' || field.nullable)
  return { anyOf: optional ? [...anyOf, { type: 'null' }] : anyOf }
}

/** Whether clients can set a field, in POST and later. */
export function isWritten(field: Field): boolean {
  if (field.readonly || field === field.owner.id) return false
  if (field.hidden) return field.is === 'scalar' && field.type.secret
  return field.is !== 'count' && field.is !== 'self' && !(field.is === 'calc' && !field.def.set)
}

function isClientId(field: Field): boolean {
  return field === field.owner.id && field.owner.id.def.client === true
}

/** Whether clients must choose the id. A text id cannot be made by the server. */
function isChosenId({ idType }: Resource): boolean {
  return idType.key === 'text' || idType.key === 'bigint' || idType.key === 'hex'
}

function isRequired(field: Field): boolean {
  if (field === field.owner.id || field.nullable || field.default) return false
  return field.is === 'one' || (field.is === 'scalar' && field.def.now === undefined)
}
