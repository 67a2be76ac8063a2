import type { Id } from '../../schema/field.ts'
import type { Me } from '../../schema/types.ts'

/** What a call of the application's own code may say besides its target. */
export interface CallOptions {
  readonly filter?: unknown
  readonly sort?: unknown
  readonly limit?: number | null
  readonly offset?: number
  readonly cursor?: string
  readonly total?: boolean
  readonly depth?: number
  readonly include?: readonly string[]
  readonly fields?: readonly string[]
  /** Acts for this caller; without it the application acts for itself. */
  readonly me?: Me | null
  /** Handed to functions of the declaration as `ctx.auth`. */
  readonly auth?: Readonly<Record<string, unknown>> | null
  /** Of a resource with `presence`: what is written stays until this is aborted, as that of a connection does. */
  readonly connection?: AbortSignal
  /** Entity tag without quotes that the row must have. */
  readonly ifMatch?: string
  /** Reads the state at this position, `epoch.seq`. */
  readonly at?: string
  /** A key of the caller's own, so that the write takes effect once although it may be done again. */
  readonly idempotencyKey?: string
}

/** The operations by the names of resources, where their types are not known. Each throws ApiError where it cannot be done. */
export interface Database {
  get(name: string, id: Id, options?: CallOptions): Promise<Plain>
  list(name: string, options?: CallOptions): Promise<Plain[]>
  post(name: string, data: unknown, options?: CallOptions): Promise<Plain>
  put(name: string, id: unknown, data: unknown, options?: CallOptions): Promise<Plain>
  patch(name: string, id: Id, data: unknown, options?: CallOptions): Promise<Plain>
  delete(name: string, id: Id, options?: CallOptions): Promise<void>
  act(name: string, action: string, input?: unknown, options?: CallOptions & { readonly id?: Id }): Promise<unknown>
}

type Plain = Record<string, any> // oxlint-disable-line typescript/no-explicit-any -- what a resource holds is known where its types are
