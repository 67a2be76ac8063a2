import type { Id } from '../../schema/field.ts'
import type { CallOptions } from './call-options.ts'
import type { RowOperations } from './row-operations.ts'

/**
 * The API of this program. Add yours by declaration merging, and `ctx.db` knows its resources and their fields:
 *
 * @example
 * declare module 'restuary' {
 *   interface Registered { app: typeof app }
 * }
 */
export interface Registered {} // oxlint-disable-line typescript/no-empty-object-type -- it is there to be merged with

// An interface, because the compiler asks what an interface extends only when a member is used. So functions within a declaration
// may use a database whose type is made from that same declaration.
/** What `ctx.db` is: the operations of the registered API, or, without one, operations that know no fields. */
export interface Database extends DatabaseOf<Registered> {}

type DatabaseOf<R> = R extends { readonly app: { readonly '~model'?: infer M } }
  ? RowOperations<NonNullable<M>>
  : PlainDatabase

/** The operations by names of resources, without types. They throw ApiError like those of `Api`. */
export interface PlainDatabase {
  get(name: string, id: Id, options?: CallOptions): Promise<Plain>
  list(name: string, options?: CallOptions): Promise<Plain[]>
  create(name: string, data: unknown, options?: CallOptions): Promise<Plain>
  /** Another name of `create`. */
  post(name: string, data: unknown, options?: CallOptions): Promise<Plain>
  replace(name: string, id: unknown, data: unknown, options?: CallOptions): Promise<Plain>
  /** Another name of `replace`. */
  put(name: string, id: unknown, data: unknown, options?: CallOptions): Promise<Plain>
  patch(name: string, id: Id, data: unknown, options?: CallOptions): Promise<Plain>
  delete(name: string, id: Id, options?: CallOptions): Promise<void>
  act(name: string, action: string, input?: unknown, options?: CallOptions & { readonly id?: Id }): Promise<unknown>
}

type Plain = Record<string, any> // oxlint-disable-line typescript/no-explicit-any -- what a resource holds is known where its types are
