import type { Id } from '../../schema/field.ts'
import type { Me } from '../../schema/types.ts'
import type { Database } from '../rules/operations.ts'

/**
 * What the application gives to all its actions (`api(…, { provide })`). Add your own by declaration merging.
 *
 * @example
 * declare module 'restuary' {
 *   interface Provided { mailer: Mailer }
 * }
 */
export interface Provided {} // oxlint-disable-line typescript/no-empty-object-type -- it is there to be merged with

/**
 * What a function of a declaration returns. As `unknown`, the compiler would ask for its type while it infers the type of the
 * declaration, on which `ctx.db` depends.
 */
export type Returned = any // oxlint-disable-line typescript/no-explicit-any -- see above

/** What actions and hooks know about a call, and what they can do. */
export interface ActionContext {
  /** The caller. null = anonymous. */
  readonly me: Me | null
  /** The credentials as the caller sent them. */
  readonly auth: Readonly<Record<string, unknown>>
  /** The time of the call, in milliseconds since the epoch. It stays the same during the call. */
  readonly now: number
  /** `list`, `get`, `create`, `replace`, `patch`, `delete` or `act`. */
  readonly operation: string
  readonly resource: string
  /** The name of the action. null = the operation is no action. */
  readonly action: string | null
  /** The id of the row. null = the call is about the list. */
  readonly id: Id | null
  /** Reads and writes under the caller's rules. If the action has a transaction, it works within it. */
  readonly db: Database
  /** Reads and writes for the application itself, to which no rules apply. */
  asSystem(): Database
  /** Runs several operations, all or nothing. If the callback throws, they are undone. */
  transaction<T>(work: (db: Database) => Promise<T>): Promise<T>
  /** A header field of the request, name in lower case. On sockets these are the fields of the handshake. */
  header(name: string): string | undefined
  /** The files of a multipart form: those with this name, or all. */
  files(name?: string): readonly File[]
  /** The claims in the caller's token. Set it to put other claims into the token that the caller gets. null = none. */
  token: unknown
  /** See {@link Provided}. */
  readonly provided: Provided
  /** Makes the path of an action or a resource. See `api.url`. */
  url(target: string, params?: Readonly<Record<string, unknown>>): string
}
