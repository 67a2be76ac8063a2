import type { Outline, ShownOrder } from '../protocol/outline.ts'
import type { SortKey } from '../query/predicate.ts'
import type { Field, Model, Resource, Value } from './model.ts'

/** The outline of a served resource. Hidden fields are not in it. */
export function outlineOf(resource: Resource): Outline {
  const known = outlines.get(resource)
  if (known) return known
  const fields = resource.fields.filter(({ hidden }) => !hidden)
  const of = <T>(value: (field: Field) => T | undefined): { readonly [name: string]: T } => {
    const members = fields.flatMap(field => {
      const found = value(field)
      return found === undefined ? [] : [[field.name, found] as const]
    })
    return Object.fromEntries(members)
  }
  const outline: Outline = {
    name: resource.name,
    path: resource.paths[0] ?? '',
    id: resource.id.name,
    order: of(field => orderIn(field) ?? undefined),
    defaults: of(defaultIn),
    files: fields.flatMap(field => (field.is === 'scalar' && field.def.file ? [field.name] : [])),
    relations: of(field => (field.target ? { to: (field.target as Resource).name, many: field.toMany } : undefined)),
  }
  outlines.set(resource, outline)
  return outline
}

/** The outlines of all resources that are served, by name. */
export function outlinesOf({ resources }: Model): Readonly<Record<string, Outline>> {
  const served = [...resources.values()].filter(({ paths }) => paths.length > 0)
  return Object.fromEntries(served.map(resource => [resource.name, outlineOf(resource)]))
}

const outlines = new WeakMap<Resource, Outline>()

/** How the keys of a sort compare. null = only the server can tell. */
export function sortOrders(resource: Resource, sort: readonly SortKey[]): (ShownOrder | null)[] {
  return sort.map(({ path }) => {
    let at: Resource | null = resource
    let field: Field | undefined
    for (const name of path) {
      field = at?.field.get(name)
      at = (field?.target as Resource | null | undefined) ?? null
    }
    return field ? orderIn(field) : null
  })
}

function orderIn(field: Field): ShownOrder | null {
  switch (field.is) {
    case 'scalar':
    case 'one':
    case 'calc':
      return field.type.shownOrder
    case 'count':
      return 'number'
    case 'self':
    case 'back':
    case 'many':
      return null
  }
}

/** What a new row shows of a field that is not given; undefined = the server makes it, or it has to be given. */
function defaultIn(field: Field): unknown {
  switch (field.is) {
    case 'scalar':
    case 'one': {
      if (field.is === 'scalar' && field.type.secret) return undefined
      if (field.default === null) return field.nullable && field.filled === null ? null : undefined
      if (!('value' in field.default)) return undefined
      const { value } = field.default
      return value === null || field.type.show === null ? value : field.type.show(value as Value)
    }
    case 'back':
    case 'many':
      return field.toMany ? (field.ids ? [] : undefined) : null
    case 'count':
      return 0
    case 'calc':
    case 'self':
      return undefined
  }
}
