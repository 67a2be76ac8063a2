import { keyText, membersIn, typeText } from './type-text.ts'

type Json = Readonly<Record<string, unknown>>
type Refer = (ref: string) => string

/** An object type that others may be made from. */
export interface BaseType {
  readonly name: string
  readonly title: unknown
  readonly members: ReturnType<typeof membersIn>
}

/**
 * Writes a schema as a type that is made from another one with the same title: `Partial<TaskCreate>`, `Omit<Task, "id">`. null =
 * to write its members is shorter.
 */
export function derivedText(schema: Json, bases: readonly BaseType[], refer: Refer): string | null {
  const members = membersIn(schema, refer)
  let best = typeText(schema, refer)
  const literal = best
  for (const base of bases) {
    if (base.title === undefined || base.title !== schema['title']) continue
    const made = from(base, schema, members, refer)
    if (made !== null && made.length < best.length) best = made
  }
  return best === literal ? null : best
}

function from(base: BaseType, schema: Json, members: BaseType['members'], refer: Refer): string | null {
  const isShared = (name: string): boolean => {
    const [mine, theirs] = [members.get(name), base.members.get(name)]
    return mine !== undefined && mine.type === theirs?.type && (mine.isOptional || !theirs.isOptional)
  }
  const shared = [...members.keys()].filter(isShared)
  if (shared.length === 0) return null
  const dropped = [...base.members.keys()].filter(name => !isShared(name))
  const loosened = shared.filter(name => members.get(name)!.isOptional && !base.members.get(name)!.isOptional)
  const cut =
    shared.length < dropped.length ? `Pick<${base.name}, ${union(shared)}>` : `Omit<${base.name}, ${union(dropped)}>`
  const kept = dropped.length === 0 ? base.name : cut
  const isLoose = shared.every(name => members.get(name)!.isOptional)
  const loose = isLoose ? `Partial<${kept}>` : `Loose<${kept}, ${union(loosened)}>`
  const made = loosened.length === 0 ? kept : loose
  const own = [...members.keys()].filter(name => !isShared(name))
  if (own.length === 0) return made
  const properties = schema['properties'] as Json
  const rest = { ...schema, properties: Object.fromEntries(own.map(name => [name, properties[name]])) }
  return `${made} & ${typeText(rest, refer)}`
}

const union = (names: readonly string[]): string => names.map(name => JSON.stringify(name)).join(' | ')

/** The members that combine conditions. */
const logic = ['$and', '$or', '$not']

/** Writes the filter of a resource as an interface; null for any other schema. */
export function filterText(name: string, schema: Json, refer: Refer): string | null {
  const properties = (schema['properties'] ?? {}) as Readonly<Record<string, unknown>>
  if (!logic.every(word => word in properties)) return null
  const fields = Object.entries(properties).filter(([field]) => !logic.includes(field))
  const lines = fields.map(([field, one]) => `  ${keyText(field)}?: ${shortened(typeText(one, refer, '  '))}\n`)
  return `interface ${name} extends Logic<${name}> {\n${lines.join('')}}`
}

/** A value, null or conditions on it have a name together. */
function shortened(text: string): string {
  return text
    .replace('string | null | TextTest', 'TextValue')
    .replace(/^(.+) \| null \| (Ordered|Equal)Test<\1>/s, (_, value: string, kind: string) => `${kind}Value<${value}>`)
}
