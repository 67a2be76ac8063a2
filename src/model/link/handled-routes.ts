import type { Me } from '../../schema/types.ts'
import { noteAt, type Fault, type Note, type NoteHere } from './faults.ts'
import type {
  DeclaredHandled,
  HandledDef,
  HandledOperation,
  HandlerContext,
  ItemHandlers,
  ListHandlers,
  Patcher,
} from '../declare/handled.ts'
import { byExactness, uriPattern, type UriParams, type UriPattern } from '../declare/uri-pattern.ts'

/** What handles the URIs of one pattern. */
export interface HandledRoute {
  /** Its key in `api({…})`. */
  readonly name: string
  readonly pattern: UriPattern
  readonly public: boolean
  readonly docs: string | null
  readonly create: ((ctx: HandlerContext, attributes: unknown) => unknown) | null
  readonly get: ((ctx: HandlerContext) => unknown) | null
  /** They run in this order. */
  readonly patch: readonly Patcher[]
  readonly delete: ((ctx: HandlerContext) => unknown) | null
  readonly permissions: readonly ((me: Me | null, operation: HandledOperation, params: UriParams) => boolean)[]
}

/** The route for a URI, and the variable parts of the URI. */
export interface HandledMatch {
  readonly route: HandledRoute
  readonly params: UriParams
}

/** All handled resources of an API. */
export interface HandledRoutes {
  /** The most exact pattern comes first. */
  readonly all: readonly HandledRoute[]
  /** The route for an operation on a canonical URI. null = there is none. */
  find(operation: HandledOperation, uri: string): HandledMatch | null
}

/**
 * Makes the routes of all handled resources. `taken` has the paths of resources with rows, and their names. A faulty
 * declaration is noted at its pattern.
 */
export function handledRoutes(
  declared: ReadonlyMap<string, DeclaredHandled>,
  taken: ReadonlyMap<string, string>,
): { readonly routes: HandledRoutes; readonly faults: readonly Fault[] } {
  const faults: Fault[] = []
  const note: Note = (place, problem, fix) => {
    faults.push(Object.freeze({ place, problem, fix }))
  }
  const byText = new Map<string, HandledRoute>()
  for (const [name, { '~handled': def }] of declared)
    for (const [text, handlers] of Object.entries(def.handlers)) {
      const pattern = uriPattern(text)
      const place = `${name} ${text}`
      if (typeof pattern === 'string') {
        note(place, pattern, 'write a path like /apples/ or /apples/<int:key>')
        continue
      }
      check(pattern, handlers, taken, noteAt(note, place))
      const route = routeOf(name, pattern, def, handlers)
      const earlier = byText.get(text)
      byText.set(text, earlier ? joined(earlier, route) : route)
    }
  const all = Object.freeze([...byText.values()].toSorted((a, b) => byExactness(a.pattern, b.pattern)))
  return { routes: routesOf(all), faults }
}

function routesOf(all: readonly HandledRoute[]): HandledRoutes {
  const by = Object.fromEntries(
    (['create', 'get', 'patch', 'delete'] as const).map(operation => [
      operation,
      all.filter(route => (operation === 'patch' ? route.patch.length > 0 : route[operation] !== null)),
    ]),
  )
  return Object.freeze<HandledRoutes>({
    all,
    find: (operation, uri) => {
      for (const route of by[operation] ?? []) {
        const params = route.pattern.match(uri)
        if (params) return { route, params }
      }
      return null
    },
  })
}

function routeOf(
  name: string,
  pattern: UriPattern,
  def: HandledDef,
  { create, get, patch, delete: remove }: ListHandlers & ItemHandlers,
): HandledRoute {
  return Object.freeze<HandledRoute>({
    name,
    pattern,
    public: def.public ?? false,
    docs: def.docs ?? null,
    create: create ?? null,
    get: get ?? null,
    patch: Object.freeze(patch === undefined ? [] : Array.isArray(patch) ? [...patch] : [patch as Patcher]),
    delete: remove ?? null,
    permissions: Object.freeze([...(def.permissions ?? [])]),
  })
}

/** Joins two declarations of the same pattern. The functions of the first one are used, and the patchers of both. */
function joined(first: HandledRoute, second: HandledRoute): HandledRoute {
  return Object.freeze<HandledRoute>({
    ...first,
    public: first.public && second.public,
    docs: first.docs ?? second.docs,
    create: first.create ?? second.create,
    get: first.get ?? second.get,
    patch: Object.freeze([...first.patch, ...second.patch]),
    delete: first.delete ?? second.delete,
    permissions: Object.freeze([...first.permissions, ...second.permissions]),
  })
}

function check(
  pattern: UriPattern,
  handlers: ListHandlers & ItemHandlers,
  taken: ReadonlyMap<string, string>,
  note: NoteHere,
): void {
  const { isList, fixed } = pattern
  if (!isList && handlers.create) {
    note('resource creators should be registered on list uri', `write ${pattern.text}/ for the list`)
  }
  if (isList && handlers.patch) note('cannot register resource patchers on a list uri', 'name an item of it')
  if (isList && handlers.delete) note('cannot register resource deleters on a list uri', 'name an item of it')
  for (const [key, value] of Object.entries(handlers)) {
    const all: unknown[] = Array.isArray(value) ? value : [value]
    if (!operations.has(key)) note(`has "${key}"`, 'there are create, get, patch and delete')
    else if (all.some(one => one !== undefined && typeof one !== 'function')) {
      note(`has a ${key} that is not a function`, 'give it a function')
    }
  }
  const path = `/${fixed.join('/')}/`
  for (const [other, by] of taken)
    if (path.startsWith(`${other}/`)) note(`lies in ${other}, which ${by} serves`, 'choose another first segment')
}

const operations: ReadonlySet<string> = new Set(['create', 'get', 'patch', 'delete'])
