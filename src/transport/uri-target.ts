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

/** How many URIs are remembered, and how long they may be: long ones are rarely sent twice. */
const MOST_KNOWN = 1_000
const KEPT_LENGTH = 200

/** Finds modelled resources by the URIs that sockets use: with any number of leading slashes, and perhaps a query. */
export class UriTargets {
  readonly #engine: Engine
  readonly #routes: Routes
  readonly #paths: readonly string[]
  /** Targets by their URIs, because clients name the same few. Emptied when full. */
  readonly #known = new Map<string, UriTarget>()
  /** The queries of targets that subscriptions have read. */
  readonly #decoded = new WeakMap<UriTarget, Decoded>()

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
    const known = this.#known.get(uri)
    if (known) return known
    const mark = uri.indexOf('?')
    const path = canonicalUri(mark < 0 ? uri : uri.slice(0, mark))
    if (!this.#owns(path)) return undefined
    const found: RouteMatch & { id: Id | null } = { id: null, parent: null }
    const endpoint = this.#routes.match(path, found)
    if (endpoint?.kind !== 'collection' && endpoint?.kind !== 'item') return null
    const { id, parent } = found
    const target = { resource: endpoint.resource, id, parent, query: mark < 0 ? '' : uri.slice(mark + 1) }
    if (uri.length > KEPT_LENGTH) return target
    if (this.#known.size >= MOST_KNOWN) this.#known.clear()
    this.#known.set(uri, target)
    return target
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
  read(target: UriTarget): Decoded {
    let decoded = this.#decoded.get(target)
    if (!decoded) this.#decoded.set(target, (decoded = this.#decode(target)))
    return decoded
  }

  #decode({ resource, id, query }: UriTarget): Decoded {
    const { limits, mode, cursorKey } = this.#engine
    const parameters = query === '' ? [] : readParameters(query, limits.parameters)
    const bounds = { ...limits, ...resource.options.limits }
    const options = { mode, cursorKey, page: null, maxPage: limits.snapshotRows }
    return decodeQuery(resource, parameters, bounds, id === null ? 'list' : 'item', options)
  }
}
