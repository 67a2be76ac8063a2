import { isObject } from '../object.ts'
import type { SchemaCase } from './outcome.ts'

/** The grammar of the newest release of the old notation; spaces around a name are no part of it. */
const plainName = /^[A-Za-z_$][A-Za-z0-9_$]*$/

export interface Renamed {
  readonly plain: SchemaCase
  /** The names as the case has them, by plain ones. */
  readonly back: ReadonlyMap<string, string>
}

/** The same case with a plain name for every wide one, in its schemas and in its value. */
export function renamed(one: SchemaCase): Renamed {
  const to = new Map<string, string>()
  const nameOf = (wide: string): string => {
    if (!to.has(wide)) to.set(wide, `plain_${to.size}`)
    return to.get(wide)!
  }
  const schemaOf = (schema: unknown): unknown => {
    if (Array.isArray(schema)) return schema.map(schemaOf)
    if (!isObject(schema)) return schema
    return Object.fromEntries(
      Object.entries(schema).map(([key, inner]) => {
        const [, name = '', rest = ''] = /^([^?@&()]*)(.*)$/s.exec(key)!
        const isWide = !key.startsWith('$self') && rest !== '' && !plainName.test(name.trim())
        return [isWide ? nameOf(name.trim()) + rest : key, typeof inner === 'object' ? schemaOf(inner) : inner]
      }),
    )
  }
  const valueOf = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(valueOf)
    if (!isObject(value)) return value
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [to.get(name) ?? name, valueOf(inner)]))
  }
  const schema = schemaOf(one.schema)
  const shared = one.shared && Object.fromEntries(Object.entries(one.shared).map(([name, s]) => [name, schemaOf(s)]))
  const plain = {
    ...one,
    schema,
    ...(shared && { shared }),
    ...('value' in one && { value: valueOf(one.value) }),
  }
  return { plain, back: new Map([...to].map(([wide, name]) => [name, wide])) }
}
