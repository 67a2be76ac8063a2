import { pointer } from '../../protocol/error.ts'
import type { Limits } from '../../protocol/limits.ts'
import type { FieldDef } from '../../schema/field.ts'
import { existingTextId } from '../../schema/field-types/id.ts'
import { holdingOthers } from '../../schema/holding-others.ts'
import { hasOrder, type ScalarType } from '../../schema/scalar-type.ts'
import { isComposed } from '../key-text.ts'
import type { Field, Filled, Resource } from '../model.ts'
import { FIRST, ID } from '../model.ts'
import { columnName, isIdField } from './names.ts'

/** An object that is still being built. `link` freezes it at the end. */
export type Draft<T> = { -readonly [K in keyof T]: T[K] }

/**
 * Links the parts of a field that its own declaration determines. Parts that depend on other resources, such as targets of
 * relations and types of foreign keys, are filled in by link-relations.ts. `position` is its place among the stored fields,
 * with the id first.
 */
export function linkField(
  owner: Resource,
  name: string,
  def: FieldDef,
  { position, limits }: { readonly position: number; readonly limits: Limits },
): Draft<Field> {
  const given = def.is === 'scalar' || def.is === 'calc' ? def.type.limited(limits) : null
  const mixed = def.is === 'scalar' && (owner.options.foreign?.mixed?.includes(columnName(name, def)) ?? false)
  const type =
    given === null || !owner.options.foreign ? given : existing(given, mixed, isComposed(owner.options.foreign))
  const secret = def.is === 'scalar' && (type?.secret ?? false)
  const hidden = (def.hidden ?? false) || (type?.secret ?? false)
  const common = {
    name,
    was: def.was ?? [],
    owner,
    pointer: pointer('', name),
    type,
    target: null,
    toMany: def.is === 'many' || (def.is === 'back' && !def.one),
    nullable: isNullable(def),
    hidden,
    filterable: !hidden && isFilterable(def, type),
    sortable: !hidden && isSortable(def, type),
    readonly: isReadonly(def),
    derived: isDerived(def),
    secret,
    known: !hidden || secret,
    writable: def.writable ?? true,
    uses: def.uses ? Object.freeze([...def.uses]) : null,
    unique: def.unique ?? false,
    index: def.index ?? false,
    default: defaultOf(def, type),
    checks: Object.freeze([...(def.checks ?? [])]),
    title: def.title ?? null,
    description: def.description ?? null,
    examples: Object.freeze([...(def.examples ?? [])]),
  }
  const slot = position === 0 ? ID : FIRST + position - 1
  const rest: object = { ...common, is: def.is, def }
  switch (def.is) {
    case 'scalar':
      return { ...rest, column: columnName(name, def), slot, filled: filledBy(owner, columnName(name, def)) } as Field
    case 'one':
      return {
        ...rest,
        column: columnName(name, def),
        slot,
        filled: filledBy(owner, columnName(name, def)),
        inverse: null,
        single: (def.unique ?? false) || (def.symmetric ?? false),
        symmetric: def.symmetric ?? false,
        onDelete: def.onDelete ?? (def.nullable ? 'null' : 'restrict'),
      } as unknown as Field
    case 'back':
      return { ...rest, ids: def.ids ?? true } as unknown as Field
    case 'many':
      return { ...rest, ids: def.ids ?? true, symmetric: def.symmetric ?? false, inverse: null } as unknown as Field
    case 'calc':
    case 'count':
    case 'self':
      return rest as Field
  }
}

function filledBy({ options: { foreign } }: Resource, column: string): Filled {
  if (foreign?.generated?.includes(column)) return 'computed'
  return foreign?.defaults?.includes(column) ? 'default' : null
}

/** A type as columns have it that somebody else fills. */
function existing(type: ScalarType, mixed: boolean, composed: boolean): ScalarType {
  if (type.key === 'text') return existingTextId(type, composed)
  return mixed ? holdingOthers(type) : type
}

/** A declared default in canonical form, so that nobody needs to check it again. */
function defaultOf(def: FieldDef, type: ScalarType | null): Field['default'] {
  const given = def.default
  if (given === undefined) return null
  if (type === null || !('value' in given) || given.value === null) return Object.freeze(given)
  return Object.freeze({ value: type.check(given.value) })
}

function isNullable(def: FieldDef): boolean {
  switch (def.is) {
    case 'scalar':
    case 'one':
      return def.nullable ?? false
    case 'back':
      return def.one ?? false
    case 'calc':
      // A getter may return null at any time.
      return def.nullable ?? true
    case 'many':
    case 'count':
    case 'self':
      return false
  }
}

function isReadonly(def: FieldDef): boolean {
  switch (def.is) {
    case 'scalar':
      return def.readonly ?? (def.now !== undefined || (isIdField(def) && def.client !== true))
    case 'calc':
      return def.readonly ?? def.set === undefined
    case 'count':
    case 'self':
      return true
    case 'one':
    case 'back':
    case 'many':
      return def.readonly ?? false
  }
}

function isDerived(def: FieldDef): boolean {
  return (def.is === 'calc' && def.set === undefined) || def.is === 'self' || def.is === 'count'
}

function isFilterable(def: FieldDef, type: ScalarType | null): boolean {
  switch (def.is) {
    case 'scalar':
      return (def.filterable ?? true) && type?.operators !== 'none'
    case 'one':
    case 'back':
    case 'many':
      return def.filterable ?? true
    case 'count':
      return def.filterable ?? false
    case 'calc':
    case 'self':
      return false
  }
}

function isSortable(def: FieldDef, type: ScalarType | null): boolean {
  switch (def.is) {
    case 'scalar':
      return (def.sortable ?? true) && type !== null && hasOrder(type)
    case 'one':
      return def.sortable ?? true
    case 'calc':
    case 'back':
    case 'many':
    case 'count':
      // They are evaluated in memory, so sorting by them must be asked for.
      return def.sortable ?? false
    case 'self':
      return false
  }
}
