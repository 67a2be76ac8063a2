import type { Engine } from '../../engine/engine.ts'
import { pathPrefix } from '../../protocol/path-prefix.ts'
import { fetch } from './fetch.ts'
import type { HttpSetup } from '../http/options.ts'
import { handler, type NodeHandler } from './node.ts'

/** What can be mounted: an Api, at its `http.prefix`. */
export interface Mountable {
  readonly engine: Engine
  readonly http: HttpSetup
  ready(): Promise<unknown>
}

/** Several APIs behind one handler. */
export interface Mounted {
  readonly handler: NodeHandler
  fetch(request: Request): Promise<Response>
}

/**
 * Serves several APIs, or versions of one, from one process. Each answers what is below its prefix; if several prefixes match,
 * the longest wins, and an API without a prefix answers the rest. A path that matches none is refused by the first API. Throws
 * TypeError if two APIs have the same prefix.
 *
 * @example createServer(mount(api(first, { http: { prefix: '/v1' } }), api(second, { http: { prefix: '/v2' } })).handler)
 */
export function mount(...apis: readonly [Mountable, ...Mountable[]]): Mounted {
  const doors = apis.map(one => ({
    prefix: pathPrefix(one.http.prefix),
    handler: handler(one.engine, one.http),
    fetch: fetch(one.engine, one.http),
    ready: one.ready(),
  }))
  const twice = doors.find((door, i) => doors.findIndex(other => other.prefix === door.prefix) < i)
  if (twice) throw new TypeError(`two APIs are mounted at "${twice.prefix}/"`)
  const longest = doors.toSorted((a, b) => b.prefix.length - a.prefix.length)
  const doorOf = (path: string): (typeof doors)[number] =>
    longest.find(({ prefix }) => isBelow(path, prefix)) ?? doors[0]!
  return {
    handler: (request, response) => doorOf(request.url ?? '/').handler(request, response),
    fetch: async request => {
      const door = doorOf(new URL(request.url).pathname)
      await door.ready
      return door.fetch(request)
    },
  }
}

function isBelow(path: string, prefix: string): boolean {
  if (!path.startsWith(prefix)) return false
  const next = path[prefix.length]
  return next === undefined || next === '/' || next === '?'
}
