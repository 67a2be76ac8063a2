import { defineType } from '../../schema/define-type.ts'
import * as builtIn from '../../schema/field-types/built-in.ts'
import type { Column, ScalarType } from '../../schema/scalar-type.ts'
import type { Value } from '../../schema/value.ts'

/** A field type as data: its name and options. */
export interface TypeData {
  readonly name: string
  readonly options: { readonly [option: string]: Value }
}

/** Types of the application's own (`t.custom`), by their names. They cannot be made from data. */
export type CustomTypes = ReadonlyMap<string, ScalarType>

/** Writes a type as data, so that a plan can be carried out without the declaration. */
export function typeData({ name, options }: ScalarType): TypeData {
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  return { name, options: Object.fromEntries(given.map(([option, value]) => [option, optionData(value)])) }
}

function optionData(value: unknown): Value {
  if (value instanceof RegExp) return { pattern: value.source, flags: value.flags }
  if (typeof value === 'object' && value !== null && 'readText' in value)
    return typeData(value as ScalarType) as unknown as Value
  return JSON.parse(JSON.stringify(value)) as Value
}

const factories = builtIn as unknown as Readonly<Record<string, (...options: unknown[]) => ScalarType>>

/** Makes a type from data. A type that is not known takes all values as they are stored. */
export function columnTypeOf(
  {
    type,
    storage,
    kind,
  }: { readonly type: TypeData | null; readonly storage: Column['column']; readonly kind: string },
  custom: CustomTypes,
): ScalarType {
  const { name, options } = type ?? dataOf(kind)
  if (name === 'id') return builtIn.id(options['of'] as never)
  if (name === 'enum') return builtIn.enum(options['values'] as string[])
  if (name === 'list') {
    const { item = null, ...rest } = options
    return builtIn.list(item === null ? null : columnTypeOf({ type: item as never, storage, kind }, custom), rest)
  }
  const make = Object.hasOwn(factories, name) ? factories[name] : undefined
  if (make !== undefined) {
    const { pattern, ...rest } = options as { pattern?: { pattern: string; flags: string } }
    return make(pattern === undefined ? rest : { ...rest, pattern: new RegExp(pattern.pattern, pattern.flags) })
  }
  return (
    custom.get(name) ?? defineType({ name, check: value => value as Value, sql: { column: storage, kind }, schema: {} })
  )
}

/** What is known of a column whose type was not recorded: the meaning of its stored values. */
function dataOf(kind: string): TypeData {
  const places = /^decimal\.(\d+)$/.exec(kind)?.[1]
  if (places !== undefined) return { name: 'decimal', options: { digits: 18, places: Number(places) } }
  const name = { real: 'number', integer: 'bigint' }[kind] ?? kind
  return name === 'hex' ? { name: 'id', options: { of: 'hex' } } : { name, options: {} }
}
