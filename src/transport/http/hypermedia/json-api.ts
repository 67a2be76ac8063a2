import { problemOf, type ApiError } from '../../../protocol/error.ts'
import type { Id, Resource } from '../../../model/model.ts'
import type { Routes } from '../endpoint.ts'
import { entityOf, furtherLists, type Entity } from './document.ts'
import type { HypermediaDocument } from '../format.ts'

export const JSON_API = 'application/vnd.api+json'

const version = { version: '1.1' }

/** Writes `application/vnd.api+json` (JSON:API 1.1). Expanded rows appear once, in `included`. */
export function writeJsonApi({ routes, view, value, self, list }: HypermediaDocument): string {
  const included = new Included(
    routes,
    view.loads.some(load => 'view' in load),
  )
  const links: Record<string, string | null> = self === null ? {} : { self }
  if (list === null) {
    const row = entityOf(routes, view, value)
    included.primary(row)
    return JSON.stringify({ jsonapi: version, data: included.resource(row), ...included.members, links })
  }
  const rows = (value as readonly unknown[]).map(row => entityOf(routes, view, row))
  for (const row of rows) included.primary(row)
  const data = rows.map(row => included.resource(row))
  if (list.first !== null || list.next !== null) {
    links['first'] = list.first
    links['prev'] = list.prev
    links['next'] = list.next
  }
  const meta = list.total === null ? {} : { meta: { total: list.total } }
  return JSON.stringify({ jsonapi: version, data, ...included.members, links, ...meta })
}

/** A value that is not a resource, such as the response of an action. */
export function writeJsonApiValue(value: unknown): string {
  return JSON.stringify({ jsonapi: version, meta: { value } })
}

/** The errors of a problem document as JSON:API error objects, one each (JSON:API 1.1, Error Objects). */
export function jsonApiErrors(error: ApiError, requestId: string): string {
  const { type, title, detail, errors } = problemOf(error)
  const common = { id: requestId, status: String(error.status), title, links: { type } }
  const objects = errors?.map(issue => ({
    ...common,
    code: issue.code,
    detail: issue.detail,
    source:
      issue.pointer !== undefined
        ? { pointer: pointerOf(issue.pointer) }
        : issue.parameter !== undefined
          ? { parameter: issue.parameter }
          : { header: issue.header },
  }))
  return JSON.stringify({ jsonapi: version, errors: objects ?? [{ ...common, code: error.error, detail }] })
}

/** Converts a pointer: `#/name` in our body is `/data/attributes/name` in theirs. */
function pointerOf(pointer: string): string {
  const path = decodeURIComponent(pointer.slice(1))
  if (path === '') return '/data'
  return /^\/data(\/|$)/.test(path) ? path : `/data/attributes${path}`
}

interface Identifier {
  readonly type: string
  readonly id: string
}

const identifierOf = (resource: Resource, id: Id): Identifier => ({ type: resource.name, id: String(id) })

/** The rows in `included`: each once, and none that is in `data`. */
class Included {
  readonly #routes: Routes
  readonly #known = new Set<string>()
  readonly #rows: unknown[] = []
  /** Related rows were asked for, so that the member is there even if there are none (JSON:API 1.1, Inclusion of Related Resources). */
  readonly #isCompound: boolean

  constructor(routes: Routes, isCompound: boolean) {
    this.#routes = routes
    this.#isCompound = isCompound
  }

  primary({ resource, id }: Entity): void {
    this.#known.add(`${resource.name}\n${id}`)
  }

  get members(): { readonly included?: readonly unknown[] } {
    return this.#isCompound ? { included: this.#rows } : {}
  }

  resource(entity: Entity): unknown {
    const { resource, id, self, properties } = entity
    const { [resource.id.name]: _, ...attributes } = properties
    const relationships: Record<string, unknown> = {}
    for (const { field, href, shown } of [...entity.relations, ...furtherLists(this.#routes, entity)]) {
      const links = href === null ? {} : { links: { related: href } }
      if (shown.kind === 'nothing') {
        if (href !== null) relationships[field.name] = links
        continue
      }
      const target: Resource = field.target
      const ids = shown.kind === 'ids' ? shown.ids : shown.rows.map(row => row.id!)
      const identifiers = ids.map(one => identifierOf(target, one))
      relationships[field.name] = { data: field.toMany ? identifiers : (identifiers[0] ?? null), ...links }
      if (shown.kind === 'rows') for (const row of shown.rows) this.#include(row)
    }
    return {
      ...identifierOf(resource, id!),
      ...(Object.keys(attributes).length > 0 ? { attributes } : {}),
      ...(Object.keys(relationships).length > 0 ? { relationships } : {}),
      ...(self === null ? {} : { links: { self } }),
    }
  }

  #include(row: Entity): void {
    const key = `${row.resource.name}\n${row.id}`
    if (this.#known.has(key)) return
    this.#known.add(key)
    this.#rows.push(this.resource(row))
  }
}
