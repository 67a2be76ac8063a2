import type { Me } from '../../schema/types.ts'
import type { Database } from '../rules/operations.ts'
import type { Params, ParamsOf } from './uri-pattern.ts'

/** What a handler knows of a request, and what it can do. */
export interface HandlerContext<P = Params> {
  /** The variable parts of the URI, as their converters read them. */
  readonly params: P
  /** The URI, with one leading slash. */
  readonly uri: string
  /** Who calls, or null. */
  readonly me: Me | null
  /** Milliseconds since the epoch. */
  readonly now: number
  /** Reads and writes the rows of the API, for the application itself: kept if all handlers return, otherwise undone. */
  readonly db: Database
  /** Says how to take back what was just done: called, the latest first, if a later step fails or nothing can be stored. */
  readonly undo: (step: () => unknown) => void
}

type Given = any // oxlint-disable-line typescript/no-explicit-any -- no schema says what clients send here

/** What may be done with a list. Each may wait; what `create` returns is the new resource as subscribers see it. */
export interface ListHandlers<P = Params> {
  readonly create?: (ctx: HandlerContext<P>, attributes: Given) => unknown
  readonly get?: (ctx: HandlerContext<P>) => unknown
}

/** One of the functions that patch: all get the same patch, which subscribers are told as they leave it. */
export type Patcher<P = Params> = (ctx: HandlerContext<P>, patch: Given) => unknown

/** What may be done with an item. `get` returns null (or undefined) where there is none. */
export interface ItemHandlers<P = Params> {
  readonly get?: (ctx: HandlerContext<P>) => unknown
  readonly patch?: Patcher<P> | readonly Patcher<P>[]
  readonly delete?: (ctx: HandlerContext<P>) => unknown
}

/** A URI with a slash at its end is a list, any other an item. */
export type HandlersOf<U extends string> = U extends `${string}/`
  ? ListHandlers<ParamsOf<U>>
  : ItemHandlers<ParamsOf<U>>

/** What may be done with a handled resource, asked before any of its functions. */
export type HandledOperation = 'create' | 'get' | 'patch' | 'delete'

export interface HandledOptions {
  /** Open to everyone on purpose. */
  readonly public?: boolean
  /** All must agree: `(me, operation, params) => me?.role === 'admin'`. */
  readonly permissions?: readonly ((me: Me | null, operation: HandledOperation, params: Params) => boolean)[]
  /** Text for the documentation. */
  readonly docs?: string
}

/** Handlers as declared, before linking. */
export interface HandledDef extends HandledOptions {
  readonly handlers: Readonly<Record<string, ListHandlers & ItemHandlers>>
}

/** Handled resources: see {@link handled}. */
export interface DeclaredHandled {
  readonly '~handled': HandledDef
}

/**
 * Declares resources that functions serve, backed by anything: a device, a file, another API. The keys are URI patterns
 * with Werkzeug's converters (`<name>`, `<int:x>`, `<float:x>`, `<path:x>`, `<any(a,b):x>`, `<uuid:x>`,
 * `<string(length=3):x>`) or `:name`. The most exact pattern that has the wanted function serves a URI.
 *
 * @example handled({ '/lamps/': { get: () => lamps }, '/lamps/<int:id>': { patch: ({ params }, patch) => set(params.id, patch) } })
 */
export function handled<const U extends string>(
  handlers: { readonly [P in U]: HandlersOf<P> },
  options: HandledOptions = {},
): DeclaredHandled {
  return Object.freeze({
    '~handled': Object.freeze<HandledDef>({ ...options, handlers: Object.freeze({ ...handlers }) }),
  })
}
