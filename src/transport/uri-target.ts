import type { Engine } from '../engine/engine.ts'
import type { Action, Field, Id, Resource } from '../model/model.ts'
import { canonicalUri } from '../model/declare/uri-pattern.ts'
import { decodeQuery, type Decoded } from '../query/query.ts'
import { readParameters } from './http/request/parameters.ts'
import { routesOf } from './http/routes.ts'
import type { Routes, RouteMatch } from './http/endpoint.ts'

/** The modelled resource that a URI names, as in a call. */
export interface UriTarget {
  readonly resource: Resource
  /** null = a list. */
  readonly id: Id | null
  readonly parent: { readonly resource: Resource; readonly id: Id; readonly field: Field } | null
  /** The text after the `?`. */
  readonly query: string
}

/** Finds modelled resources by the URIs that sockets use: with any number of leading slashes, and perhaps a query. */
export class UriTargets {
  readonly #engine: Engine
  readonly #routes: Routes
  readonly #paths: readonly string[]
  readonly #lists = new Map<Resource, Decoded>()
  readonly #items = new Map<Resource, Decoded>()

  constructor(engine: Engine) {
    this.#engine = engine
    this.#routes = routesOf(engine.model, '', [])
    const paths = [...engine.model.resources.values()].flatMap(resource => resource.paths)
    this.#paths = [...new Set(paths.flatMap(path => [path, encodeURI(path)]))]
  }

  /**
   * Finds what a URI names. null if it is below a modelled resource but nothing is there; undefined if no modelled resource has
   * the path.
   */
  find(uri: string): UriTarget | null | undefined {
    const mark = uri.indexOf('?')
    const path = canonicalUri(mark < 0 ? uri : uri.slice(0, mark))
    if (!this.#owns(path)) return undefined
    const found: RouteMatch & { id: Id | null } = { id: null, parent: null }
    const endpoint = this.#routes.match(path, found)
    if (endpoint?.kind !== 'collection' && endpoint?.kind !== 'item') return null
    const { id, parent } = found
    return { resource: endpoint.resource, id, parent, query: mark < 0 ? '' : uri.slice(mark + 1) }
  }

  /** Whether a modelled resource has the path. */
  has(uri: string): boolean {
    return this.#owns(canonicalUri(uri.split('?', 1)[0]!))
  }

  #owns(path: string): boolean {
    return this.#paths.some(one => path === one || path.startsWith(`${one}/`))
  }

  /** The action at a URI, and the id of its row; null if there is none. */
  findAction(uri: string, method: string | undefined): { readonly action: Action; readonly id: Id | null } | null {
    const found: RouteMatch & { id: Id | null } = { id: null, parent: null }
    const endpoint = this.#routes.match(canonicalUri(uri), found)
    if (endpoint?.kind !== 'action') return null
    const actions = [...endpoint.actions.values()]
    const action = method === undefined && actions.length === 1 ? actions[0] : endpoint.actions.get(method ?? 'POST')
    return action === undefined ? null : { action, id: found.id }
  }

  /** Reads the query of a subscription. A list without an explicit limit is the whole list (protocol §7.1). */
  read({ resource, id, query }: UriTarget): Decoded {
    if (query !== '') return this.#decode(resource, id === null, query)
    // Most subscriptions have no query. What they follow is decoded once.
    const known = id === null ? this.#lists : this.#items
    let whole = known.get(resource)
    if (!whole) known.set(resource, (whole = this.#decode(resource, id === null, '')))
    return whole
  }

  #decode(resource: Resource, isList: boolean, query: string): Decoded {
    const { limits, mode, cursorKey } = this.#engine
    const parameters = query === '' ? [] : readParameters(query, limits.parameters)
    const bounds = { ...limits, ...resource.options.limits }
    const options = { mode, cursorKey, page: null, maxPage: limits.snapshotRows }
    return decodeQuery(resource, parameters, bounds, isList ? 'list' : 'item', options)
  }
}
