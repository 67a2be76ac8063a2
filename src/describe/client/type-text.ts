type Json = Readonly<Record<string, unknown>>

/** Writes a JSON Schema as a TypeScript type. `refer` makes the type of a reference. */
export function typeText(schema: unknown, refer: (ref: string) => string, margin = ''): string {
  if (schema === true || typeof schema !== 'object' || schema === null) return 'unknown'
  const { $ref, anyOf, oneOf, allOf, enum: values, type } = schema as Json
  if (typeof $ref === 'string') return refer($ref)
  if ('const' in schema) return literalType(schema.const)
  if (Array.isArray(values)) return union(values.map(literalType))
  if (Array.isArray(anyOf)) return union(anyOf.map(one => typeText(one, refer, margin)))
  if (Array.isArray(oneOf)) return union(oneOf.map(one => typeText(one, refer, margin)))
  if (Array.isArray(allOf)) return allOf.map(one => wrapped(typeText(one, refer, margin))).join(' & ') || 'unknown'
  if (Array.isArray(type)) return union(type.map(one => typeText({ ...schema, type: one }, refer, margin)))
  switch (type) {
    case 'string':
      return 'string'
    case 'integer':
    case 'number':
      return 'number'
    case 'boolean':
      return 'boolean'
    case 'null':
      return 'null'
    case 'array':
      return `${wrapped(typeText((schema as Json)['items'], refer, margin))}[]`
    case 'object':
      return objectText(schema as Json, refer, margin)
    default:
      return 'unknown'
  }
}

function objectText(schema: Json, refer: (ref: string) => string, margin: string): string {
  const properties = Object.entries((schema['properties'] ?? {}) as Readonly<Record<string, Json>>)
  const required = new Set((schema['required'] ?? []) as readonly string[])
  const open = schema['additionalProperties'] !== false
  const test = testText(new Map(properties), refer)
  if (test !== null) return test
  if (properties.length === 0) return open ? 'Record<string, unknown>' : '{}'
  const inner = `${margin}  `
  const lines = properties.map(([name, property]) => {
    const told = commentOf(property, inner)
    return `${told}${inner}${keyText(name)}${required.has(name) ? '' : '?'}: ${typeText(property, refer, inner)}\n`
  })
  return `{\n${lines.join('')}${margin}}`
}

/** The members of an object schema: their types as text, and whether they may be left out. */
export function membersIn(
  schema: Json,
  refer: (ref: string) => string,
): ReadonlyMap<string, { readonly type: string; readonly isOptional: boolean }> {
  const required = new Set((schema['required'] ?? []) as readonly string[])
  const properties = Object.entries((schema['properties'] ?? {}) as Readonly<Record<string, Json>>)
  return new Map(
    properties.map(([name, one]) => [name, { type: typeText(one, refer), isOptional: !required.has(name) }]),
  )
}

/** The conditions on one field of a filter, which have names of their own; null for any other object. */
function testText(members: ReadonlyMap<string, Json>, refer: (ref: string) => string): string | null {
  const some = members.get('$some')
  if (some) return `ManyTest<${typeText(some, refer)}>`
  const has = members.get('$has')
  if (has) return `ListTest<${typeText(has, refer)}>`
  const values = members.get('$in')
  if (!values && members.has('$eq') && members.size === 3) return 'JsonTest'
  if (!values || !members.has('$eq')) return null
  if (members.has('$contains')) return 'TextTest'
  const value = typeText(values['items'], refer)
  return members.has('$gt') ? `OrderedTest<${value}>` : `EqualTest<${value}>`
}

/** The title and description of a schema as a comment. */
export function commentOf(schema: Json | undefined, margin: string): string {
  const words = [schema?.['title'], schema?.['description']].filter(one => typeof one === 'string' && one !== '')
  if (words.length === 0) return ''
  const lines = words.join('. ').replaceAll('*/', '*\\/').split('\n')
  if (lines.length === 1) return `${margin}/** ${lines[0]!} */\n`
  return `${margin}/**\n${lines.map(line => `${margin} * ${line}`.trimEnd()).join('\n')}\n${margin} */\n`
}

/** A name as a member of a type, quoted only if it must be. */
export function keyText(name: string): string {
  return /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name) ? name : JSON.stringify(name)
}

function literalType(value: unknown): string {
  return typeof value === 'object' && value !== null ? 'unknown' : (JSON.stringify(value) ?? 'unknown')
}

function union(types: readonly string[]): string {
  const each = [...new Set(types)]
  return each.includes('unknown') ? 'unknown' : each.join(' | ') || 'never'
}

const wrapped = (type: string): string => (/[|&]/.test(type) && !type.startsWith('{') ? `(${type})` : type)
