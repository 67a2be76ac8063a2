import type { Outline } from '../../src/protocol/outline.ts'
import { referred, type JsonObject } from '../../src/describe/page/browser/sample.ts'

/** An operation of the API. */
export interface OperationInfo {
  readonly method: string
  readonly path: string
  readonly tag: string
  readonly summary: string
  readonly operation: JsonObject
}

/** How a field is shown and edited. */
export type FieldKind =
  | 'text'
  | 'integer'
  | 'number'
  | 'boolean'
  | 'date'
  | 'datetime'
  | 'choice'
  | 'json'
  | 'file'
  | 'one'
  | 'many'

export interface FieldInfo {
  readonly name: string
  readonly title: string | null
  readonly description: string
  readonly kind: FieldKind
  readonly schema: JsonObject
  readonly nullable: boolean
  /** The resource to which it leads; null = it is no relation. */
  readonly to: string | null
  /** The values among which it chooses. */
  readonly choices: readonly string[]
  /** The operators of its conditions: `eq`, `gt`, `contains`. */
  readonly operators: readonly string[]
  readonly isShown: boolean
  readonly isWritable: boolean
  /** Whether a new row must have it. */
  readonly isRequired: boolean
  readonly isId: boolean
  readonly hasDefault: boolean
}

interface Sources {
  readonly document: JsonObject
  readonly outline: Outline
  readonly row: JsonObject
  readonly list: OperationInfo | undefined
  readonly create: JsonObject | undefined
  readonly patch: JsonObject | undefined
}

/** The fields of a resource: those that its rows show, and those that can only be written. */
export function fieldsOf({ document, outline, row, list, create, patch }: Sources): FieldInfo[] {
  const shown = (row['properties'] ?? {}) as JsonObject
  const made = (create?.['properties'] ?? {}) as JsonObject
  const written = (patch?.['properties'] ?? {}) as JsonObject
  const required = new Set<string>(create?.['required'] ?? [])
  const operators = operatorsIn(document, list)
  const names = [...new Set([...Object.keys(shown), ...Object.keys(made), ...Object.keys(outline.relations)])]
  return names.map(name => {
    const given = (shown[name] ?? made[name] ?? {}) as JsonObject
    const relation = outline.relations[name]
    const schema = plain(document, given)
    return {
      name,
      title: given['title'] ?? null,
      description: given['description'] ?? '',
      kind: relation ? (relation.many ? 'many' : 'one') : outline.files.includes(name) ? 'file' : kindOf(schema),
      schema,
      nullable: isNullable(given),
      to: relation?.to ?? null,
      choices: schema['enum'] ?? [],
      operators: operators.get(name) ?? [],
      isShown: name in shown,
      isWritable: name in written || name in made,
      isRequired: required.has(name),
      isId: name === outline.id,
      hasDefault: made[name]?.default !== undefined,
    }
  })
}

function operatorsIn(document: JsonObject, list: OperationInfo | undefined): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const given of (list?.operation['parameters'] ?? []) as JsonObject[]) {
    const one = referred(document, given)
    const field = one['x-field'] as string | undefined
    if (field !== undefined) found.set(field, [...(found.get(field) ?? []), one['x-operator'] as string])
  }
  return found
}

/** The schema without the null that it may also be. */
function plain(document: JsonObject, given: JsonObject): JsonObject {
  const schema = referred(document, given)
  const several = (schema['anyOf'] ?? schema['oneOf']) as JsonObject[] | undefined
  const other = several?.find(one => one['type'] !== 'null')
  return other ? { ...schema, ...plain(document, other) } : schema
}

function isNullable(schema: JsonObject): boolean {
  if ([schema['type']].flat().includes('null')) return true
  return ((schema['anyOf'] ?? schema['oneOf'] ?? []) as JsonObject[]).some(one => one['type'] === 'null')
}

function kindOf(schema: JsonObject): FieldKind {
  if (schema['enum']) return 'choice'
  switch ([schema['type']].flat().find(type => type !== 'null')) {
    case 'integer':
      return 'integer'
    case 'number':
      return 'number'
    case 'boolean':
      return 'boolean'
    case 'string':
      return schema['format'] === 'date' ? 'date' : schema['format'] === 'date-time' ? 'datetime' : 'text'
    default:
      return 'json'
  }
}
