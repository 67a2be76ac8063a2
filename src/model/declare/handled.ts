import type { Me } from '../../schema/types.ts'
import type { Returned } from './action-context.ts'
import type { Database } from '../rules/operations.ts'
import type { UriParams, ParamsOf } from './uri-pattern.ts'

/**
 * What a handler knows about a request, and what it can do.
 *
 * @example
 * handled({ '/lamps/<int:id>': { get: ({ params }) => lamps.get(params.id) } })
 */
export interface HandlerContext<P = UriParams> {
  /** The variable parts of the URI, as converted. */
  readonly params: P
  /** The URI, with one leading slash. */
  readonly uri: string
  /** The caller. null = anonymous. */
  readonly me: Me | null
  /** The time of the request, in milliseconds since the epoch. */
  readonly now: number
  /** Reads and writes rows of the API for the application itself. Writes are kept if all handlers return, else undone. */
  readonly db: Database
  /**
   * Adds a step that undoes what the handler just did outside. If a later handler fails, or the change cannot be logged, the
   * steps run, the latest first.
   */
  readonly undo: (step: () => unknown) => void
}

type Given = any // oxlint-disable-line typescript/no-explicit-any -- no schema says what clients send here

/**
 * The functions of a list. Each may be async. `create` returns the created item, as subscribers shall see it.
 *
 * @example
 * handled({ '/lamps/': { get: () => [...lamps.values()] } })
 */
export interface ListHandlers<P = UriParams> {
  readonly create?: (ctx: HandlerContext<P>, attributes: Given) => Returned
  readonly get?: (ctx: HandlerContext<P>) => Returned
}

/**
 * One of the functions that patch an item. All get the same patch object, and subscribers get it as the last function leaves
 * it.
 *
 * @example
 * handled({ '/lamps/<int:id>': { patch: ({ params }, patch: Partial<Lamp>) => void Object.assign(lamps.get(params.id)!, patch) } })
 */
export type Patcher<P = UriParams> = (ctx: HandlerContext<P>, patch: Given) => Returned

/**
 * The functions of an item. `get` returns null or undefined if there is none.
 *
 * @example
 * handled({ '/lamps/<int:id>': { get: ({ params }) => lamps.get(params.id), delete: ({ params }) => void lamps.delete(params.id) } })
 */
export interface ItemHandlers<P = UriParams> {
  readonly get?: (ctx: HandlerContext<P>) => Returned
  readonly patch?: Patcher<P> | readonly Patcher<P>[]
  readonly delete?: (ctx: HandlerContext<P>) => Returned
}

/** The functions for a URI. With a slash at its end it is a list, otherwise an item. */
export type HandlersOf<U extends string> = U extends `${string}/`
  ? ListHandlers<ParamsOf<U>>
  : ItemHandlers<ParamsOf<U>>

/** What can be done with a handled resource. Permissions are asked for it before any function runs. */
export type HandledOperation = 'create' | 'get' | 'patch' | 'delete'

/** Options of handled resources. */
export interface HandledOptions {
  /** Opens them to everyone, on purpose. */
  readonly public?: boolean
  /** All of them must return true: `(me, operation, params) => me?.role === 'admin'`. */
  readonly permissions?: readonly ((me: Me | null, operation: HandledOperation, params: UriParams) => boolean)[]
  /** Text for documents. */
  readonly docs?: string
}

/** Handlers as declared, before linking. */
export interface HandledDef extends HandledOptions {
  readonly handlers: Readonly<Record<string, ListHandlers & ItemHandlers>>
}

/** Handled resources. See {@link handled}. */
export interface DeclaredHandled {
  readonly '~handled': HandledDef
}

/**
 * Declares resources whose requests are answered by functions. They can be backed by anything: a device, a file, another API.
 * The keys are URI patterns with the converters of Werkzeug (`<name>`, `<int:x>`, `<float:x>`, `<path:x>`, `<any(a,b):x>`,
 * `<uuid:x>`, `<string(length=3):x>`) or with `:name`. If several patterns fit a URI, the most exact one that has the wanted
 * function is used.
 *
 * @example
 * handled({
 *   '/lamps/': { get: () => lamps },
 *   '/lamps/<int:id>': { patch: ({ params }, patch) => set(params.id, patch) },
 * })
 */
export function handled<const U extends string>(
  handlers: { readonly [P in U]: HandlersOf<P> },
  options: HandledOptions = {},
): DeclaredHandled {
  return Object.freeze({
    '~handled': Object.freeze<HandledDef>({ ...options, handlers: Object.freeze({ ...handlers }) }),
  })
}
