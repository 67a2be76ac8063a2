import type { FieldDef } from '../field.ts'
import type { ScalarType } from '../scalar-type.ts'
import { fieldSchema, type FieldRule } from './field-schema.ts'
import { listSchema, membersSchema } from '../read/members-schema.ts'
import type { Schema } from '../schema.ts'
import { standardSchema } from './standard-schema.ts'
import { isStandard } from './standard.ts'
import type { NotationScope, NoteFault } from '../notation.ts'
import { positionOf } from '../position.ts'

/** What compiling a schema needs to know. */
export interface SchemaOptions {
  /** The place of the schema, for its faults: `Hello.get.input`. */
  readonly place: string
  /** The id type of the resource that a to-one names. null = there is no such resource. */
  readonly idTypeOf: (resource: string) => ScalarType | null
  /** Compiles what is neither a builder nor a schema of a library. */
  readonly scope: Pick<NotationScope, 'compile'>
  readonly note: NoteFault
}

/**
 * Compiles the declared input or output of an action: field builders, Standard Schemas, a notation of a dialect, and objects or
 * one-element lists of these. null = it has faults, which are noted.
 */
export function compileSchema(declared: unknown, options: SchemaOptions): Schema | null {
  return compile(declared, [], options)
}

function compile(declared: unknown, path: readonly string[], options: SchemaOptions): Schema | null {
  if (isStandard(declared)) return standardSchema(declared)
  if (isField(declared)) return compileField(declared, path, options)
  if (Array.isArray(declared) && declared.length === 1 && isBuilt(declared[0])) {
    const item = compile(declared[0], [...path, '[]'], options)
    return item && listSchema(declared, item)
  }
  if (isRecord(declared) && (isBuilt(declared) || Object.keys(declared).length === 0)) {
    const members = new Map<string, Schema>()
    let whole = true
    for (const [name, inner] of Object.entries(declared)) {
      const member = compile(inner, [...path, name], options)
      if (member) members.set(name, member)
      else whole = false
    }
    return whole ? membersSchema(declared, members) : null
  }
  return options.scope.compile(declared, positionOf([options.place, ...path]), options.note)
}

function compileField(
  field: { readonly '~def': FieldDef },
  path: readonly string[],
  { place, idTypeOf, note }: SchemaOptions,
): Schema | null {
  const def = field['~def']
  const at = positionOf([place, ...path])
  if (def.is === 'scalar') return fieldSchema(field, def)
  if (def.is !== 'one') {
    note(at, `is a ${def.is} field, which belongs to a row`, 'use a scalar or t.one, or t.list of scalars')
    return null
  }
  const type = idTypeOf(def.to)
  if (type === null) {
    note(at, `refers to "${def.to}", which is not declared`, 'name a resource of this API')
    return null
  }
  return fieldSchema(field, { ...(def as Omit<FieldRule, 'type'>), type })
}

function isField(value: unknown): value is { readonly '~def': FieldDef } {
  return typeof value === 'object' && value !== null && '~def' in value
}

/** Whether it contains field builders or Standard Schemas, so that it cannot be a notation as a whole. */
function isBuilt(value: unknown): boolean {
  if (isStandard(value) || isField(value)) return true
  if (Array.isArray(value)) return value.some(isBuilt)
  return isRecord(value) && Object.values(value).some(isBuilt)
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
