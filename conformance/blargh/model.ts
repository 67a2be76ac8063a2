import type { AnyResource } from '../../src/model/declare/declaration.ts'
import type {
  BackDef,
  CalcDef,
  FieldCheck,
  Ctx,
  FieldDef,
  FieldOptions,
  ManyDef,
  OneDef,
  ReadRow,
  ScalarDef,
} from '../../src/schema/field.ts'
import type { ScalarType } from '../../src/schema/scalar-type.ts'
import { Unknown } from '../result.ts'
import { functionOf, reading, type Named } from './functions.ts'
import type {
  BlarghFile,
  CalcVector,
  FieldVector,
  ModelVector,
  ObjectVector,
  RelVector,
  ScalarTypeName,
  ScalarVector,
} from './vector.ts'
import * as types from '../../src/schema/field-types/built-in.ts'

export type Declarations = Readonly<Record<string, AnyResource>>

export interface TranslateOptions {
  /** URI paths by object, where the vectors route objects by hand; null = not routed. */
  readonly paths?: Readonly<Record<string, readonly string[] | null>>
  /** Calculated fields named `url` become links to the row, as the ancestor's HTTP layer makes them. */
  readonly links?: boolean
  /** Where the API is below its host. */
  readonly prefix?: string
}

/** A model of a file, its functions read from their definitions; `Unknown` if the file or the runner lacks one. */
export function modelOf(
  { models, functions = {} }: Pick<BlarghFile, 'models' | 'functions'>,
  name: string,
): ModelVector {
  const model = models[name]
  if (!model) throw new Unknown(`model ${name}`)
  const named: Record<string, Named> = {}
  for (const field of model.objects.flatMap(object => object.fields)) {
    if (typeof field.writable !== 'boolean')
      named[field.writable.fn] = functionOf(functions, field.writable.fn, 'writable')
    if (field.kind !== 'calc') continue
    if (field.getter !== null) named[field.getter] = functionOf(functions, field.getter, 'getter')
    if (field.setter !== null) named[field.setter] = functionOf(functions, field.setter, 'setter')
  }
  return { ...model, functions: named }
}

/** Translates a recorded model into declarations. External names are the keys, internal names the columns. */
export function translate(model: ModelVector, options: TranslateOptions = {}): Declarations {
  const out: Record<string, AnyResource> = {}
  for (const object of model.objects) {
    const fields: Record<string, FieldDef> = {}
    for (const field of object.fields) fields[field.ext_name] = fieldOf(model, object, field, options)
    const path = options.paths?.[object.name]
    out[object.name] = {
      '~resource': {
        fields,
        ...(path === undefined ? {} : { path }),
        table: object.name,
        public: true,
        checks: [],
        unique: [],
        index: [],
      },
    }
  }
  return out
}

function fieldOf(model: ModelVector, object: ObjectVector, field: FieldVector, options: TranslateOptions): FieldDef {
  switch (field.kind) {
    case 'scalar':
      return scalarOf(model, object, field)
    case 'calc':
      return calcOf(model, object, field, options)
    case 'rel':
      return relationOf(model, object, field)
  }
}

function scalarOf(model: ModelVector, object: ObjectVector, field: ScalarVector): ScalarDef {
  if (field.pkey) {
    const of = field.type === 'str' ? 'text' : 'integer'
    return { is: 'scalar', type: types.id(of), column: field.name, client: 'put' }
  }
  const value = field.default
  return {
    is: 'scalar',
    type: scalarType(field.type),
    ...common(model, object, field),
    nullable: true,
    ...(value === null ? {} : { default: { value } }),
    ...(field.type === 'dict' ? { checks: [isObject] } : {}),
  }
}

const isObject: FieldCheck = (value: unknown) =>
  (typeof value === 'object' && value !== null && !Array.isArray(value)) || 'must be an object'

function scalarType(type: ScalarTypeName): ScalarType {
  switch (type) {
    case 'int':
      return types.integer()
    case 'float':
      return types.number()
    case 'str':
      return types.text({ max: 1_000_000 })
    case 'bool':
      return types.bool()
    case 'list':
      return types.list()
    case 'dict':
    case null:
      return types.json()
  }
}

function calcOf(model: ModelVector, object: ObjectVector, field: CalcVector, options: TranslateOptions): FieldDef {
  if (options.links === true && field.name === 'url' && options.paths?.[object.name] !== null) {
    return { is: 'self', absolute: true, ...common(model, object, field) }
  }
  const getter = field.getter === null ? null : model.functions[field.getter]
  const setter = field.setter === null ? null : model.functions[field.setter]
  const read = reader(object)
  const def: CalcDef = {
    is: 'calc',
    type: getter?.type ?? types.json(),
    ...common(model, object, { ...field, writable: true }),
    nullable: true,
    sortable: getter !== null && getter!.type.name !== 'json',
    filterable: false,
    uses: external(object, [...(getter?.uses ?? []), ...(setter?.uses ?? [])]),
    get: (row: ReadRow) => (getter ? getter.run(read(row), null) : null),
    ...(setter
      ? { set: (row: ReadRow, value: unknown) => setter.run(read(row), value) as Record<string, unknown> }
      : {}),
  }
  return def
}

function relationOf(model: ModelVector, object: ObjectVector, field: RelVector): OneDef | BackDef | ManyDef {
  const sortable = field.hidden ? {} : { sortable: true }
  const options = { ...common(model, object, field), ...relationDefault(field), to: field.stores, ...sortable }
  const other = field.other === null ? null : relation(model, field.stores, field.other)
  if (other === null) {
    if (field.multi) return { is: 'many', ...options, filterable: false }
    return { is: 'one', ...options, column: field.name, nullable: true, onDelete: 'null' }
  }
  const onDelete = field.cascade ? 'cascade' : 'null'
  if (field.stores === object.name && field.other === field.name) {
    return { is: 'one', ...options, column: field.name, nullable: true, symmetric: true, onDelete }
  }
  if (field.multi) return { is: 'back', ...options, via: other.ext_name, filterable: false }
  if (isKey(model, object, field)) {
    const unique = other.multi ? {} : { unique: true }
    return { is: 'one', ...options, column: field.name, nullable: true, inverse: other.ext_name, ...unique, onDelete }
  }
  return { is: 'back', ...options, via: other.ext_name, one: true }
}

/**
 * Whether a relation is stored on its own row. Of a one-to-one, the side that cascades holds the key (onDelete is
 * declared there), else the one declared first.
 */
export function isKey(model: ModelVector, object: ObjectVector, field: RelVector): boolean {
  if (field.other === null || (field.stores === object.name && field.other === field.name)) return true
  const other = relation(model, field.stores, field.other)
  if (field.multi || other.multi) return other.multi
  if (field.cascade !== other.cascade) return field.cascade
  const place = (name: string): number => model.objects.findIndex(o => o.name === name)
  const mine = place(object.name)
  const theirs = place(field.stores)
  if (mine !== theirs) return mine < theirs
  const order = object.fields.map(f => f.name)
  return order.indexOf(field.name) < order.indexOf(other.name)
}

/** The connected field of a relation; the recorder always names one that exists. */
export function relation(model: ModelVector, object: string, name: string): RelVector {
  const field = model.objects.find(o => o.name === object)?.fields.find(f => f.name === name)
  if (field?.kind !== 'rel') throw new Error(`the model connects ${object}.${name}, which is no relation`)
  return field
}

/** A default that is an object (or a list of objects) makes new related rows, so each row needs its own copy. */
function relationDefault(field: RelVector): Pick<FieldOptions, 'default'> {
  const value = field.default
  if (value === null || (Array.isArray(value) && value.length === 0)) return {}
  return { default: { from: () => structuredClone(value) } }
}

function common(model: ModelVector, object: ObjectVector, field: FieldVector): FieldOptions {
  const stored = field.kind === 'scalar' ? { column: field.name } : {}
  return {
    ...stored,
    ...(field.readonly ? { readonly: true } : {}),
    ...(field.hidden ? { hidden: true } : {}),
    ...writable(model, object, field),
  }
}

function writable(
  model: ModelVector,
  object: ObjectVector,
  field: FieldVector,
): Pick<FieldOptions, 'writable' | 'uses'> {
  if (typeof field.writable === 'boolean') return field.writable ? {} : { writable: false }
  const fn = model.functions[field.writable.fn]!
  const read = reader(object)
  return { writable: (row: ReadRow, _ctx: Ctx) => fn.run(read(row), null) === true, uses: external(object, fn.uses) }
}

function reader(object: ObjectVector): (row: ReadRow) => ReturnType<typeof reading> {
  const externalOf = new Map(object.fields.map(f => [f.name, f.ext_name]))
  const key = externalOf.get(object.pkey) ?? object.pkey
  return row => reading(object.name, key, externalOf, row)
}

function external(object: ObjectVector, names: readonly string[]): string[] {
  return names.map(name => object.fields.find(f => f.name === name)?.ext_name ?? name)
}
