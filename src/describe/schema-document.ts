import type { OneField, Resource } from '../model/model.ts'
import type { JsonSchema } from '../schema/json-schema.ts'
import { createSchema, impliedBy, patchSchema, replaceSchema, rowSchema } from './json-schema.ts'

/**
 * The JSON Schema document of a resource (draft 2020-12): a row as it is read and, under `$defs`, the bodies that create,
 * replace and patch one. Rows that are created together with it are in the documents of their resources, below `base`.
 */
export function schemaDocument(resource: Resource, base: string): JsonSchema {
  const idOf = (target: Resource): string => `${base}/${encodeURIComponent(schemaName(target))}`
  const refer = (target: Resource, implied: OneField | null): string =>
    `${idOf(target)}#/$defs/${implied === null ? 'create' : `createIn.${implied.name}`}`
  // The bodies with which lists of other resources create such a row. They lack the field that the list determines.
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

/** The name of a resource among the schemas: its title with a small first letter. */
export function schemaName({ title }: Resource): string {
  const first = String.fromCodePoint(title.codePointAt(0) ?? 32)
  return first.toLowerCase() + title.slice(first.length)
}
