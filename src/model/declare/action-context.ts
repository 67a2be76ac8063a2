import type { Id } from '../../schema/field.ts'
import type { Me } from '../../schema/types.ts'
import type { Database } from '../rules/operations.ts'

/**
 * What the application gives all its actions (`api(…, { provide })`). Add your own by declaration merging:
 * `declare module 'restuary' { interface Provided { mailer: Mailer } }`.
 */
export interface Provided {} // oxlint-disable-line typescript/no-empty-object-type -- it is there to be merged with

/** What actions and hooks know of a call, and what they can do. */
export interface ActionContext {
  /** Who calls, or null. */
  readonly me: Me | null
  /** Whatever the caller handed over as credentials. */
  readonly auth: Readonly<Record<string, unknown>>
  /** Milliseconds since the epoch. */
  readonly now: number
  /** `list get create replace patch delete`, or `act`. */
  readonly operation: string
  readonly resource: string
  /** The name of the action; null for other operations. */
  readonly action: string | null
  /** The row that is asked. */
  readonly id: Id | null
  /** Reads and writes with the caller's rules; within the action's transaction, if it has one. */
  readonly db: Database
  /** The same for the application itself, which may do everything. */
  asSystem(): Database
  /** Several operations, all or nothing; what the callback throws undoes them. */
  transaction<T>(work: (db: Database) => Promise<T>): Promise<T>
  /** A header field of the request, name in lower case; on sockets those of the handshake. */
  header(name: string): string | undefined
  /** Files of a multipart form, those under a name or all. */
  files(name?: string): readonly File[]
  /** The claims that the caller's token holds and, once set, those that it shall hold; null = none. */
  token: unknown
  /** See {@link Provided}. */
  readonly provided: Provided
  /** The path of an action or a resource: see `api.url`. */
  url(target: string, params?: Readonly<Record<string, unknown>>): string
}
