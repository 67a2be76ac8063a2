import type { Field, Join, ManyField, OneField, Resource } from '../../model/model.ts'
import { fold } from '../../query/folding/fold.ts'
import type { Predicate } from '../../query/predicate.ts'
import { prefixEnd } from '../../query/prefix.ts'
import * as types from '../../schema/field-types/built-in.ts'
import type { Value } from '../../schema/field.ts'
import type { Bind, Codec } from './codec.ts'
import { codecAt, type Layout } from './layout.ts'
import { idFormOf } from './stored-id.ts'

/** A condition on one field. */
export type Leaf = Exclude<Predicate, { kind: 'constant' | 'and' | 'or' | 'not' | 'one' | 'many' }>

/** What makes the SQL text of two conditions different, and the values to bind, in order. */
export interface LeafShape {
  readonly variant: string
  readonly binds: readonly Bind[]
}

/** Up to this length each value of a list has a parameter. Longer lists are one JSON text, so that they share a statement. */
const SPELLED = 8

/** The field that a predicate names. It has been checked before, so an unknown name is a bug. */
export function fieldOf(resource: Resource, name: string): Field {
  const field = resource.field.get(name)
  if (field === undefined) throw new Error(`${resource.name} has no field ${name}`)
  return field
}

const integer = types.integer().sql

/** The codec for values that a field is compared with. */
export function codecOfField(layout: Layout, field: Field): Pick<Codec, 'encode' | 'column' | 'postgres'> {
  switch (field.is) {
    case 'scalar':
    case 'one':
      return codecAt(layout, field.slot)
    case 'count':
      return integer
    case 'back':
    case 'many':
      return idCodec(field.target)
    case 'calc':
    case 'self':
      throw new Error(`${field.owner.name}.${field.name} is not stored, so that the database cannot test it`)
  }
}

/** How the ids of a resource are stored. */
function idCodec({ options, id: { type } }: Resource): Pick<Codec, 'encode' | 'column' | 'postgres'> {
  return options.foreign === null ? type.sql : { ...type.sql, ...type.sql.foreign }
}

/**
 * Divides a condition into the part that determines its SQL text and the values that are bound. One prepared statement serves
 * all values; only null and the length of a list change the text.
 */
export function shapeOfLeaf(leaf: Leaf, layout: Layout, field: Field): LeafShape {
  const codec = codecOfField(layout, field)
  const isNumeric = 'slot' in field && layout.compared.get(field.slot) === 'number'
  switch (leaf.kind) {
    case 'compare': {
      if (leaf.value === null) return { variant: 'null', binds: [] }
      const bind = codec.encode(leaf.value)
      return { variant: '', binds: [isNumeric && leaf.op !== 'eq' && leaf.op !== 'ne' ? asText(bind) : bind] }
    }
    case 'null':
      return { variant: leaf.is ? 'is' : 'not', binds: [] }
    case 'in':
      return membership(leaf.values.filter(value => value !== null).map(value => codec.encode(value)))
    case 'text': {
      const shape = textShape(leaf.op, leaf.fold ? fold(leaf.value) : leaf.value, isNumeric && !leaf.fold)
      return isSpelled(leaf, field) ? { ...shape, variant: `${shape.variant}s` } : shape
    }
    case 'has':
      return hasShape(leaf, field)
    case 'size':
      return { variant: '', binds: [leaf.value] }
  }
}

/**
 * Whether a text is searched in the spelled form of ids (`%2E` for `.`). A prefix that begins no special spelling can be compared
 * with the column itself.
 */
function isSpelled({ op, value }: Extract<Leaf, { kind: 'text' }>, field: Field): boolean {
  const owner = field.is === 'one' ? field.target : field.owner
  if (field !== owner.id && field.is !== 'one') return false
  return idFormOf(owner) === 'spelled' && (op !== 'startsWith' || /^$|^%|^\.{1,2}$/.test(value))
}

function hasShape({ mode, values }: Extract<Leaf, { kind: 'has' }>, field: Field): LeafShape {
  const wanted = [...new Set(values)]
  if (wanted.length <= SPELLED)
    return { variant: `${mode}${wanted.length}`, binds: wanted.flatMap(value => element(field, value)) }
  const list =
    field.is === 'scalar'
      ? `[${wanted.map(value => jsonList(element(field, value).map(bind => bind ?? 0))).join(',')}]`
      : jsonList(wanted as Bind[])
  return { variant: `${mode}j`, binds: [list] }
}

function membership(values: Bind[]): LeafShape {
  const spelled = values.length <= SPELLED || values.some(value => value instanceof Uint8Array)
  return spelled ? { variant: String(values.length), binds: values } : { variant: 'j', binds: [jsonList(values)] }
}

/** A JSON array for `json_each`. Integers keep all their digits. */
export function jsonList(values: readonly Bind[]): string {
  let text = '['
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    text += (i === 0 ? '' : ',') + (typeof value === 'string' ? JSON.stringify(value) : String(value))
  }
  return text + ']'
}

/**
 * Makes a bound that a column of NUMERIC affinity does not turn into a number. It would turn `1997` into one, and numbers come
 * before all texts. U+0001 is added, so that the bound stays text; this changes nothing, because no text in such a column looks
 * like a number. (U+0000 would not do: SQLite reads numbers up to it.)
 */
function asText(bind: Bind): Bind {
  return typeof bind === 'string' && /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?\s*$/i.test(bind)
    ? `${bind}\u0001`
    : bind
}

/** A prefix becomes a range, which an index can serve. Its upper bound is the next text of the same length. */
function textShape(op: Extract<Leaf, { kind: 'text' }>['op'], value: string, isNumeric: boolean): LeafShape {
  switch (op) {
    case 'eq':
    case 'json':
    case 'contains':
      return { variant: '', binds: [value] }
    case 'startsWith': {
      const next = prefixEnd(value)
      const bounds = next === null ? [value] : [value, next]
      return { variant: next === null ? 'open' : '', binds: isNumeric ? bounds.map(asText) : bounds }
    }
    case 'endsWith':
      return value === '' ? { variant: 'empty', binds: [] } : { variant: '', binds: [-Array.from(value).length, value] }
  }
}

/** A list element as `json_each` shows it: its value and its type, because `true` and 1 have the same value there. */
function element(field: Field, value: Value): readonly Bind[] {
  if (field.is === 'back' || field.is === 'many') return [idCodec(field.target).encode(value)]
  if (field.is !== 'scalar') return [value as Bind]
  switch (typeof value) {
    case 'boolean':
      return [value ? 1 : 0, value ? 'true' : 'false']
    case 'number':
      return [value, 'number']
    case 'string':
      return [value, 'text']
    default:
      return value === null ? [null, 'null'] : [JSON.stringify(value), Array.isArray(value) ? 'array' : 'object']
  }
}

/** The columns of a join, from the point of view of the field's owner. */
export function sidesOf(field: ManyField): { readonly near: string; readonly far: string; readonly join: Join } {
  const { join } = field
  return field.side === 'a'
    ? { near: join.a.column, far: join.b.column, join }
    : { near: join.b.column, far: join.a.column, join }
}

/** Splits a path into the to-one relations that it follows and the field at its end. */
export function jsonPath(resource: Resource, path: readonly string[]): { steps: OneField[]; field: Field } {
  const steps: OneField[] = []
  let at = resource
  for (let i = 0; i < path.length - 1; i++) {
    const field = fieldOf(at, path[i]!)
    if (field.is !== 'one') throw new Error(`${at.name}.${field.name} is not a stored to-one relation`)
    steps.push(field)
    at = field.target
  }
  return { steps, field: fieldOf(at, path.at(-1)!) }
}
