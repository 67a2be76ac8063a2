import type { FieldDef } from '../field.ts'
import type { Schema } from '../schema.ts'
import { jsonSchemaOf, type StandardSchema } from './standard.ts'

/** The members of an object that are lists. Queries and forms may repeat them: `tags=a&tags=b`. */
export function listMembers(schema: Schema): ReadonlySet<string> {
  if (schema.kind === 'standard') return new Set(listsIn(schema.declared as StandardSchema))
  return new Set([...(schema.members ?? [])].filter(([, member]) => isList(member)).map(([name]) => name))
}

function isList({ kind, declared }: Schema): boolean {
  switch (kind) {
    case 'list':
      return true
    case 'field': {
      const def = (declared as { readonly '~def': FieldDef })['~def']
      return def.is === 'scalar' && def.type.list !== null
    }
    case 'standard':
      return jsonSchemaOf(declared as StandardSchema, 'input')?.['type'] === 'array'
    case 'members':
    case 'notation':
      return false
  }
}

function listsIn(declared: StandardSchema): string[] {
  const properties = jsonSchemaOf(declared, 'input')?.['properties'] ?? {}
  return Object.entries(properties as Readonly<Record<string, { readonly type?: unknown }>>)
    .filter(([, { type }]) => type === 'array')
    .map(([name]) => name)
}
