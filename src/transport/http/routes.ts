import type {
  ActionEndpoint,
  CollectionEndpoint,
  Common,
  Endpoint,
  ItemEndpoint,
  Page,
  PageEndpoint,
  PartEndpoint,
  RouteMatch,
  Routes,
  Service,
  ServiceEndpoint,
} from './endpoint.ts'
import { uniqueKeysOf } from '../../engine/write/unique-key.ts'
import type { Action, Id, Model, Resource } from '../../model/model.ts'
import { ApiError } from '../../protocol/error.ts'
import { getOrThrow } from '../../protocol/get-or-throw.ts'
import type { ScalarType } from '../../schema/scalar-type.ts'
import { rowPartsOf } from './request/row-parts.ts'

const READ = ['GET', 'HEAD', 'OPTIONS']

/** What is at the URIs of a resource. */
interface ResourceRoutes {
  readonly resource: Resource
  readonly collection: CollectionEndpoint
  readonly item: ItemEndpoint
  /** Its actions on a row, by the end of their URI. */
  readonly actions: ReadonlyMap<string, ActionEndpoint>
  readonly parts: ReadonlyMap<string, PartEndpoint>
  /** The canonical URI of the list; null for an internal resource. */
  readonly base: string | null
}

/** A node in the tree of path segments. */
interface Segment {
  readonly children: Map<string, Segment>
  routes: ResourceRoutes | null
  page: PageEndpoint | ServiceEndpoint | null
  action: ActionEndpoint | null
}

const segment = (): Segment => ({ children: new Map(), routes: null, page: null, action: null })

/** Makes the routes of a model below a prefix: all paths of all resources, with their rows, nested lists, actions and parts. */
export function routesOf(
  model: Model,
  prefix: string,
  pages: readonly Page[],
  services: readonly Service[] = [],
): Routes {
  const tree = new RouteTree(prefix)
  for (const resource of model.resources.values()) tree.addResource(resource)
  for (const resource of [...model.resources.values(), ...model.standalone.values()]) tree.addListActions(resource)
  for (const page of pages) {
    const endpoint: PageEndpoint = { kind: 'page', page, ...allowing(READ) }
    tree.addPage(page.path, endpoint)
    if (page.isAtRoot) tree.addAtRoot(page.path, endpoint)
  }
  for (const service of services) tree.addPage(service.path, { kind: 'service', service, ...allowing(service.methods) })
  return tree
}

class RouteTree implements Routes {
  readonly #prefix: string
  readonly #root = segment()
  readonly #routes = new Map<Resource, ResourceRoutes>()
  /** Pages outside the prefix, by their path. */
  readonly #atRoot = new Map<string, PageEndpoint>()

  constructor(prefix: string) {
    this.#prefix = prefix
  }

  addResource(resource: Resource): void {
    const [first] = resource.paths
    const base =
      first === undefined
        ? null
        : `${this.#prefix}/${first.split('/').filter(Boolean).map(encodeURIComponent).join('/')}`
    const routes: ResourceRoutes = { resource, base, ...endpointsOf(resource) }
    this.#routes.set(resource, routes)
    for (const path of resource.paths) this.#place(path).routes = routes
  }

  addListActions(resource: Resource): void {
    for (const [end, endpoint] of actionsOf(resource, 'list'))
      for (const path of resource.paths) this.#place(`${path}/${end}`).action = endpoint
  }

  addPage(path: string, page: PageEndpoint | ServiceEndpoint): void {
    this.#place(path).page = page
  }

  addAtRoot(path: string, page: PageEndpoint): void {
    this.#atRoot.set(path, page)
  }

  #place(path: string): Segment {
    let at = this.#root
    for (const name of path.split('/')) {
      if (name === '') continue
      let next = at.children.get(name)
      if (!next) at.children.set(name, (next = segment()))
      at = next
    }
    return at
  }

  isWithin(path: string): boolean {
    return this.#prefix !== '' && (path === this.#prefix || path.startsWith(`${this.#prefix}/`))
  }

  collection(resource: Resource): string | null {
    return this.#routes.get(resource)?.base ?? null
  }

  item(resource: Resource, id: Id): string | null {
    const base = this.collection(resource)
    return base === null ? null : `${base}/${typeof id === 'number' ? id : encodeURIComponent(id)}`
  }

  nested({ resource, id, field }: NonNullable<RouteMatch['parent']>): string | null {
    const base = this.item(resource, id)
    return base === null ? null : `${base}/${encodeURIComponent(field.name)}`
  }

  /** Follows the tree as far as its names match. The rest of the path is an id, perhaps a relation and another id. */
  match(path: string, into: RouteMatch): Endpoint | null {
    if (!path.startsWith(this.#prefix)) return this.#atRoot.get(path) ?? null
    let at = this.#root
    let from = this.#prefix.length
    if (path.length === from) return at.page
    if (path.charCodeAt(from++) !== 0x2f) return this.#atRoot.get(path) ?? null
    for (;;) {
      if (from >= path.length) return at.routes?.collection ?? at.action ?? at.page
      const to = endOfSegment(path, from)
      if (to === from) return null
      const next = at.children.get(segmentOf(path, from, to))
      if (!next) break
      at = next
      from = to + 1
    }
    return at.routes === null ? null : this.#below(at.routes, path, from, into)
  }

  /** What is below a resource. Rows of a nested list are found below their parent. */
  #below(
    { resource, item, actions, parts }: ResourceRoutes,
    path: string,
    from: number,
    into: RouteMatch,
  ): Endpoint | null {
    let to = endOfSegment(path, from)
    const id = readId(resource.idType, segmentOf(path, from, to))
    if (id === null) return null
    if (to + 1 >= path.length) {
      into.id = id
      return item
    }
    const start = to + 1
    to = endOfSegment(path, start)
    const name = segmentOf(path, start, to)
    const below = actions.get(name) ?? parts.get(name)
    if (below) {
      into.id = id
      return to + 1 >= path.length ? below : null
    }
    const field = resource.field.get(name)
    if (!field || field.hidden || (field.is !== 'back' && field.is !== 'many') || !field.toMany) return null
    into.parent = { resource, id, field }
    const nested = getOrThrow(this.#routes, field.target)
    if (to + 1 >= path.length) return nested.collection
    const last = to + 1
    to = endOfSegment(path, last)
    into.id = readId(field.target.idType, segmentOf(path, last, to))
    return into.id === null || to + 1 < path.length ? null : nested.item
  }
}

function endpointsOf(resource: Resource): Omit<ResourceRoutes, 'resource' | 'base'> {
  const { readOnly, bulk } = resource.options
  const ofList = [
    ...READ,
    'QUERY',
    ...(readOnly ? [] : ['POST']),
    ...(readOnly || uniqueKeysOf(resource).length === 0 ? [] : ['PUT']),
    ...(readOnly || !bulk ? [] : ['PATCH', 'DELETE']),
  ]
  const ofRow = [...READ, ...(readOnly ? [] : ['PUT', 'PATCH', 'DELETE'])]
  return {
    collection: { kind: 'collection', resource, ...allowing(ofList) },
    item: { kind: 'item', resource, ...allowing(ofRow) },
    actions: actionsOf(resource, 'row'),
    parts: new Map(
      rowPartsOf(resource).map(part => [
        part.name,
        { kind: 'part', resource, part, ...allowing([...part.methods, 'OPTIONS']) },
      ]),
    ),
  }
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

/** Parses the id in a path segment; null if it is not one. Only the canonical spelling names a row (protocol §1.2). */
export function readId(type: ScalarType, text: string): Id | null {
  if (text === '') return null
  if (type.name === 'integer' || type.key === 'integer') return readInteger(text)
  const id = type.readText(text)
  if (typeof id === 'string') return id === text ? id : null
  return typeof id === 'number' && String(id) === text ? id : null
}

// Integer ids are parsed without a regular expression and without allocating.
function readInteger(text: string): number | null {
  const negative = text.charCodeAt(0) === 0x2d
  const start = negative ? 1 : 0
  const first = text.charCodeAt(start)
  if (text.length === start || text.length > 17 || (first === 0x30 && text !== '0')) return null
  for (let i = start; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 0x30
    if (!(digit >= 0 && digit <= 9)) return null
  }
  const value = Number(text)
  return Number.isSafeInteger(value) ? value : null
}
