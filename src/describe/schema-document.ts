import type { OneField, Resource } from '../model/model.ts'
import type { JsonSchema } from '../schema/json-schema.ts'
import { createSchema, impliedBy, patchSchema, replaceSchema, rowSchema } from './json-schema.ts'

/**
 * The JSON Schema document of a resource (draft 2020-12): a row as it is read, and under `$defs` what creates, replaces
 * and patches one. Related rows that are made along are found in the documents of their resources below `base`.
 */
export function schemaDocument(resource: Resource, base: string): JsonSchema {
  const idOf = (target: Resource): string => `${base}/${encodeURIComponent(schemaName(target))}`
  const refer = (target: Resource, implied: OneField | null): string =>
    `${idOf(target)}#/$defs/${implied === null ? 'create' : `createIn.${implied.name}`}`
  // What other resources' lists make of this one, without the field that the list says.
  const nested = resource.columns.flatMap(field =>
    field.is === 'one' && field.inverse?.is === 'back' && impliedBy(field.inverse) === field
      ? [[`createIn.${field.name}`, createSchema(resource, refer, field)] as const]
      : [],
  )
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: idOf(resource),
    ...rowSchema(resource),
    $defs: {
      create: createSchema(resource, refer),
      replace: replaceSchema(resource, refer),
      patch: patchSchema(resource, refer),
      ...Object.fromEntries(nested),
    },
  }
}

/** What a resource is called among the schemas: its title, begun small. */
export function schemaName({ title }: Resource): string {
  const first = String.fromCodePoint(title.codePointAt(0) ?? 32)
  return first.toLowerCase() + title.slice(first.length)
}
