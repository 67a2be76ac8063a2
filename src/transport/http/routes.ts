import { getOrThrow } from '../../protocol/get-or-throw.ts'
import type {
  Endpoint,
  Common,
  CollectionEndpoint,
  ItemEndpoint,
  PageEndpoint,
  ActionEndpoint,
  PartEndpoint,
  ServiceEndpoint,
  RouteMatch,
  Routes,
} from './endpoint.ts'
import { uniqueKeysOf } from '../../engine/write/unique-key.ts'
import type { Action, Id, Model, Resource } from '../../model/model.ts'
import { ApiError } from '../../protocol/error.ts'
import type { ScalarType } from '../../schema/scalar-type.ts'
import type { Page } from './endpoint.ts'
import { rowPartsOf } from './request/row-parts.ts'
import { readId } from './request/request-target.ts'
import type { Service } from './endpoint.ts'

const READ = ['GET', 'HEAD', 'OPTIONS']

/** A node in the tree of path segments. */
interface Segment {
  readonly children: Map<string, Segment>
  resource: Resource | null
  page: PageEndpoint | ServiceEndpoint | null
  action: ActionEndpoint | null
}

const segment = (): Segment => ({ children: new Map(), resource: null, page: null, action: null })

/** Makes the routes of a model below a prefix: all paths of all resources, with their rows, nested lists, actions and parts. */
export function routesOf(
  model: Model,
  prefix: string,
  pages: readonly Page[],
  services: readonly Service[] = [],
): Routes {
  const root = segment()
  const place = (path: string): Segment => {
    let at = root
    for (const name of path.split('/')) {
      if (name === '') continue
      let next = at.children.get(name)
      if (!next) at.children.set(name, (next = segment()))
      at = next
    }
    return at
  }
  const collections = new Map<Resource, CollectionEndpoint>()
  const items = new Map<Resource, ItemEndpoint>()
  const bases = new Map<Resource, string>()
  for (const resource of model.resources.values()) {
    const fixed = resource.options.readOnly
    collections.set(resource, {
      kind: 'collection',
      resource,
      ...allowing([
        ...READ,
        'QUERY',
        ...(fixed ? [] : ['POST']),
        ...(fixed || uniqueKeysOf(resource).length === 0 ? [] : ['PUT']),
        ...(fixed || !resource.options.bulk ? [] : ['PATCH', 'DELETE']),
      ]),
    })
    items.set(resource, {
      kind: 'item',
      resource,
      ...allowing([...READ, ...(fixed ? [] : ['PUT', 'PATCH', 'DELETE'])]),
    })
    for (const path of resource.paths) place(path).resource = resource
    const first = resource.paths[0]
    if (first !== undefined)
      bases.set(resource, `${prefix}/${first.split('/').filter(Boolean).map(encodeURIComponent).join('/')}`)
  }
  const parts = new Map<Resource, ReadonlyMap<string, PartEndpoint>>()
  for (const resource of model.resources.values()) parts.set(resource, partEndpoints(resource))
  const rowActions = new Map<Resource, Map<string, ActionEndpoint>>()
  for (const resource of [...model.resources.values(), ...model.standalone.values()]) {
    rowActions.set(resource, actionsOf(resource, 'row'))
    for (const [end, endpoint] of actionsOf(resource, 'list'))
      for (const path of resource.paths) place(`${path}/${end}`).action = endpoint
  }
  for (const page of pages) place(page.path).page = { kind: 'page', page, ...allowing(READ) }
  for (const service of services) place(service.path).page = { kind: 'service', service, ...allowing(service.methods) }

  const item = (resource: Resource, id: Id): string | null => {
    const base = bases.get(resource)
    return base === undefined ? null : `${base}/${typeof id === 'number' ? id : encodeURIComponent(id)}`
  }
  return {
    match: (path, into) => {
      if (!path.startsWith(prefix)) return null
      if (path.length === prefix.length) return root.page
      return path.charCodeAt(prefix.length) === 0x2f ? walk(path, prefix.length + 1, into) : null
    },
    collection: resource => bases.get(resource) ?? null,
    item,
    nested: parent => {
      const base = item(parent.resource, parent.id)
      return base === null ? null : `${base}/${encodeURIComponent(parent.field.name)}`
    },
  }

  /** Follows the tree as far as its names match. The rest of the path is an id, perhaps a relation and another id. */
  function walk(path: string, start: number, into: RouteMatch): Endpoint | null {
    let at = root
    let from = start
    for (;;) {
      if (from >= path.length) return endOf(at)
      const to = endOfSegment(path, from)
      if (to === from) return null
      const next = at.children.get(segmentOf(path, from, to))
      if (!next) break
      at = next
      from = to + 1
    }
    if (at.resource === null) return null
    return below(at.resource, path, from, into)
  }

  function endOf(at: Segment): Endpoint | null {
    return at.resource === null ? (at.action ?? at.page) : getOrThrow(collections, at.resource)
  }

  function below(resource: Resource, path: string, from: number, into: RouteMatch): Endpoint | null {
    let to = endOfSegment(path, from)
    const id = idAt(resource.idType, path, from, to)
    if (id === null) return null
    if (to + 1 >= path.length) {
      into.id = id
      return getOrThrow(items, resource)
    }
    const start = to + 1
    to = endOfSegment(path, start)
    const name = segmentOf(path, start, to)
    const action = rowActions.get(resource)?.get(name)
    if (action) {
      into.id = id
      return to + 1 >= path.length ? action : null
    }
    const part = parts.get(resource)?.get(name)
    if (part) {
      into.id = id
      return to + 1 >= path.length ? part : null
    }
    const field = resource.field.get(name)
    if (!field || field.hidden || (field.is !== 'back' && field.is !== 'many') || !field.toMany) return null
    into.parent = { resource, id, field }
    if (to + 1 >= path.length) return getOrThrow(collections, field.target)
    const last = to + 1
    to = endOfSegment(path, last)
    into.id = idAt(field.target.idType, path, last, to)
    return into.id === null || to + 1 < path.length ? null : getOrThrow(items, field.target)
  }
}

function partEndpoints(resource: Resource): ReadonlyMap<string, PartEndpoint> {
  return new Map(
    rowPartsOf(resource).map(part => [
      part.name,
      { kind: 'part', resource, part, ...allowing([...part.methods, 'OPTIONS']) },
    ]),
  )
}

/** The actions of a resource, on the list or on a row, by the end of their URI. */
function actionsOf(resource: Resource, on: Action['on']): Map<string, ActionEndpoint> {
  const byPath = new Map<string, Map<string, Action>>()
  // If two have the same URI and method, the later one in alphabetical order wins.
  for (const action of [...resource.actions.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (action.on !== on) continue
    const { path } = action
    byPath.set(path, (byPath.get(path) ?? new Map<string, Action>()).set(action.method, action))
  }
  return new Map(
    [...byPath].map(([path, actions]) => [
      path,
      { kind: 'action', actions, ...allowing([...actions.keys(), ...(actions.has('GET') ? ['HEAD'] : []), 'OPTIONS']) },
    ]),
  )
}

const allowing = (methods: readonly string[]): Common => ({
  allow: [...new Set(methods)].join(', '),
  methods: new Set(methods),
})

function endOfSegment(path: string, from: number): number {
  const slash = path.indexOf('/', from)
  return slash < 0 ? path.length : slash
}

function idAt(type: ScalarType, path: string, from: number, to: number): Id | null {
  return readId(type, segmentOf(path, from, to))
}

/** A segment without its percent-encoding, by which it is the same as one that needs none (RFC 3986 §6.2.2.2). */
function segmentOf(path: string, from: number, to: number): string {
  const text = path.slice(from, to)
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    throw new ApiError('bad_encoding', { detail: 'The path is not percent-encoded UTF-8' })
  }
}
