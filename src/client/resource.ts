import type { Call, Id, Params } from './call.ts'
import type { Core } from './core.ts'
import type { Http } from './http.ts'
import type { Row } from './live/order.ts'
import { asked, type Asked, type Problem } from './problem.ts'
import { onDemand, type OnDemand } from './on-demand/load.ts'

/** What a resource of the client is made of. */
export interface ResourceParts {
  readonly name: string
  /** The path of its list: `/todo`. */
  readonly path: string
  readonly core: Pick<Core, 'call' | 'known' | 'live'>
  readonly http: Http
}

type Options = Readonly<Record<string, any>> // oxlint-disable-line typescript/no-explicit-any -- types/ says what they have

/** The operations of one resource. Any other name is one of its actions. Their types are in types/. */
export function resourceOf(parts: ResourceParts): object {
  const { name: resource, path, core, http } = parts
  const rowUri = (id: Id): string => `${path}/${encodeURIComponent(id)}`
  const call = (made: Call): Asked<unknown> => asked(core.call(made).then(answer => answer.data))
  /** A row by its id, or rows by a filter or a unique key. */
  const at = (which: Id | Params | undefined): Pick<Call, 'uri' | 'params'> =>
    typeof which === 'object' ? { uri: path, params: which } : { uri: which === undefined ? path : rowUri(which) }
  const write = (
    op: 'create' | 'replace' | 'patch' | 'delete',
    which: Id | Params | undefined,
    data: unknown,
    how: Options = {},
  ): Asked<unknown> => {
    const { key = newKey(), ifMatch, signal, optimistic = true, merge } = how
    // Of a JSON Patch, and of rows that a filter selects, only the server knows what comes.
    const isShown = optimistic && !Array.isArray(data) && typeof which !== 'object'
    const id = op === 'create' ? (data as Row)['id'] : which
    const shown = isShown ? { resource, id, isMerged: merge !== undefined } : undefined
    const base = merge && core.known(resource, which as Id)
    const row = id === undefined ? undefined : at(id).uri
    const made = call({ op, ...at(which), row, key, ifMatch, signal, data, shown })
    if (!merge) return made
    const again = (mine: unknown, tag: unknown = ifMatch): Promise<unknown> =>
      write(op, which, mine, { ...how, key: newKey(), ifMatch: tag, merge: null })
    return asked(made.catch((problem: Problem) => onDemand(all => all.mergeAgain(problem, data, base, merge, again))))
  }
  const ofRow =
    (name: 'history' | 'upload' | 'download') =>
    (id: Id, ...given: Given): Asked<unknown> =>
      onDemand(all => (all[name] as OnDemand)(http, rowUri(id), ...given))
  const operations: Record<string, unknown> = {
    get: (id: Id, { min, signal, ...params }: Options = {}) =>
      call({ op: 'get', uri: rowUri(id), params, min, signal }),
    list: (options: Options = {}) => listOf(parts, options),
    create: (data: unknown, how?: Options) => write('create', undefined, data, how),
    replace: (which: Id | Params, data: unknown, how?: Options) => write('replace', which, data, how),
    patch: (which: Id | Params, data: unknown, how?: Options) => write('patch', which, data, how),
    delete: (which: Id | Params, how?: Options) => asked(write('delete', which, undefined, how).then(() => {})),
    live: (first: Id | Options = {}, options: Options = {}) =>
      typeof first === 'object'
        ? core.live(resource, path, { id: null, params: first })
        : core.live(resource, rowUri(first), { id: first, params: options }),
    history: ofRow('history'),
    upload: ofRow('upload'),
    download: ofRow('download'),
  }
  const action =
    (name: string) =>
    (...given: Given): Asked<unknown> => {
      const [id, data, how] = typeof given[0] === 'object' || given[0] === undefined ? [null, ...given] : given
      // `get_list` is GET …/list, and `get` is the resource itself (docs/protocol.md §9.1).
      const [, verb, end] = /^(get|post|put|patch|delete)(?:_(.+))?$/.exec(name) ?? [undefined, 'post', name]
      const uri = (id === null ? path : rowUri(id)) + (end === undefined ? '' : `/${end}`)
      const { key, signal, method = verb?.toUpperCase() } = how ?? {}
      return call({ op: 'act', uri, data, key, signal, method })
    }
  // A resource of actions may have ones that are called like methods: without an id or a filter, they are meant.
  for (const name of ['get', 'patch', 'delete']) {
    const operation = operations[name] as (...given: unknown[]) => Asked<unknown>
    operations[name] = (...given: Given) => (isTarget(given[0]) ? operation(...given) : action(name)(...given))
  }
  return withAnyMember(operations, action)
}

/** The object with members of all names: those that it lacks are made. It is no promise. */
export function withAnyMember(known: Readonly<Record<string, unknown>>, make: (name: string) => unknown): object {
  return new Proxy(known, {
    get: (_, name) => (typeof name === 'symbol' || name === 'then' ? undefined : (known[name] ?? make(name))),
  })
}

/** Arguments of any function of the client. */
type Given = readonly any[] // oxlint-disable-line typescript/no-explicit-any -- types/ says what they are
const isTarget = (given: unknown): boolean =>
  typeof given === 'object' && given !== null ? 'filter' in given : given !== undefined

let lastTime = 0

/** A key that nobody else has. Later ones are greater, so rows that wait for their ids are in the order in which they were made. */
const newKey = (): string => {
  lastTime = Math.max(lastTime + 1, Date.now())
  // `crypto.randomUUID` exists only on pages that were loaded over HTTPS, or from the same machine.
  return [lastTime, ...crypto.getRandomValues(new Uint32Array(3))].join('-')
}

interface Paged extends AsyncIterable<unknown> {
  readonly rows: readonly unknown[]
  readonly next: (() => Promise<Paged>) | null
}

function listOf(parts: ResourceParts, options: Options): Asked<Paged> & AsyncIterable<unknown> {
  const { min, signal, ...params } = options
  const work = parts.core.call({ op: 'list', uri: parts.path, params, min, signal }).then((answer): Paged => {
    const to = (cursor: string | undefined): Paged['next'] =>
      cursor === undefined ? null : () => listOf(parts, { ...options, offset: undefined, cursor })
    const page = {
      rows: answer.data as readonly unknown[],
      next: to(answer.next),
      prev: to(answer.previous),
      ...(answer.total !== undefined && { total: answer.total }),
      [Symbol.asyncIterator]: () => rowsFrom(page),
    }
    return page
  })
  return Object.assign(asked<Paged, never>(work), {
    [Symbol.asyncIterator]: async function* () {
      yield* await work
    },
  })
}

async function* rowsFrom(first: Paged): AsyncGenerator<unknown, void> {
  for (let page: Paged | null = first; page; page = (await page.next?.()) ?? null) yield* page.rows
}
