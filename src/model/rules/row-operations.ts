import type { CallOptions } from './call-options.ts'
import type { Complete, FieldsIn, IdOf, Modelled, New, Own, Patch, Row } from '../declare/types.ts'
import type { CheckedField, CheckedInclude, CheckedSort, Selected } from '../declare/shown.ts'
import type { Where } from './where.ts'

/** The names of an API's resources with rows. */
type Name<M> = Modelled<M>

/** How rows are shown: F are the fields, I the relations that are included, D is the depth. */
export interface ShowOptions<M, K, F extends string, I extends string, D> {
  /** Exactly these fields: `['id', 'customer.name']`. Default: all of them. */
  readonly fields?: readonly CheckedField<M, K, F>[]
  /** Relations that are shown as rows: `['customer', 'items.product']`. */
  readonly include?: readonly CheckedInclude<M, K, I>[]
  /** How deep related rows are shown. Default: 1, with related rows as ids. */
  readonly depth?: D
}

type Shape = 'fields' | 'include' | 'depth'

/** Options of the read of one row. */
export interface GetOptions<M, K, F extends string, I extends string, D>
  extends Omit<CallOptions, Shape>, ShowOptions<M, K, F, I, D> {}

/** Which rows a list has, in which order, and how they are shown. */
// oxlint-disable-next-line typescript/no-explicit-any -- whatever fields, relations and sort keys the model has
export interface ListOptions<M, K, F extends string = any, I extends string = any, D = number, S extends string = any>
  extends Omit<CallOptions, Shape | 'filter' | 'sort'>, ShowOptions<M, K, F, I, D> {
  readonly filter?: Where<M, K>
  readonly sort?: CheckedSort<M, K, S> | readonly CheckedSort<M, K, S>[]
}

/** The operations on rows that the application's own code has as `app.*` and `ctx.db`. M are the declarations of the API. */
export interface RowOperations<M> {
  /** Reads one row by its id: `await app.get('todo', 7)`. The type of the row follows `fields`, `include` and `depth`. */
  get<K extends Name<M>, const F extends string = never, const I extends string = never, const D extends number = 1>(
    name: K,
    id: IdOf<M, K>,
    options?: GetOptions<M, K, F, I, D>,
  ): Promise<Selected<M, K, F, I, D>>
  /**
   * Reads the rows that a query selects. Without a `limit` there are no pages: it returns all of them.
   *
   * @example
   * await app.list('todo', { filter: { done: false }, sort: '-created', fields: ['id', 'list.title'] })
   */
  list<
    K extends Name<M>,
    const F extends string = never,
    const I extends string = never,
    const D extends number = 1,
    const S extends string = never,
  >(
    name: K,
    options?: ListOptions<M, K, F, I, D, S>,
  ): Promise<Selected<M, K, F, I, D>[]>
  // Editors complete by the first overload, and the compiler explains a fault by the last one.
  /** Creates a row, together with the rows that its body nests. Returns it. */
  create<K extends Name<M>>(name: K, data: New<M, K> & Own<M, K>, options?: CallOptions): Promise<Row<M, K>>
  /** Creates several rows, all or nothing. */
  create<K extends Name<M>>(
    name: K,
    data: readonly (New<M, K> & Own<M, K>)[],
    options?: CallOptions,
  ): Promise<Row<M, K>[]>
  create<K extends Name<M>, D>(
    name: K,
    data: Complete<FieldsIn<M, K>, New<M, K> & Own<M, K>, D>,
    options?: CallOptions,
  ): Promise<Row<M, K>>
  /** Another name of `create`, after the method of HTTP. */
  readonly post: RowOperations<M>['create']
  /** Replaces a row. Creates it if clients may choose ids, or if it is named by a unique key: `replace('user', { email }, …)`. */
  replace<K extends Name<M>>(
    name: K,
    id: IdOf<M, K> | Partial<Row<M, K>>,
    data: New<M, K> & Own<M, K>,
    options?: CallOptions,
  ): Promise<Row<M, K>>
  replace<K extends Name<M>, D>(
    name: K,
    id: IdOf<M, K> | Partial<Row<M, K>>,
    data: Complete<FieldsIn<M, K>, New<M, K> & Own<M, K>, D>,
    options?: CallOptions,
  ): Promise<Row<M, K>>
  /** Another name of `replace`, after the method of HTTP. */
  readonly put: RowOperations<M>['replace']
  /** Changes the fields that the body names, and leaves all others: `await app.patch('todo', 7, { done: true })`. */
  patch<K extends Name<M>>(
    name: K,
    id: IdOf<M, K>,
    data: Patch<M, K> & Own<M, K>,
    options?: CallOptions,
  ): Promise<Row<M, K>>
  /** Deletes a row. What happens to rows that refer to it is declared in their references. */
  delete<K extends Name<M>>(name: K, id: IdOf<M, K>, options?: CallOptions): Promise<void>
  /** Calls an action of the resource. An action on a row needs its `id` in the options. */
  act<K extends Name<M>, A extends ActionName<M, K>>(
    name: K,
    action: A,
    input?: ActionInput<M, K, A>,
    options?: Pick<CallOptions, 'me' | 'auth' | 'idempotencyKey'> & { readonly id?: IdOf<M, K> },
  ): Promise<ActionOutput<M, K, A>>
}

/** The names of a resource's actions. */
export type ActionName<M, K> = K extends keyof M ? keyof ActionsOf<M[K]> & string : string
type ActionsOf<R> = R extends { readonly '~type': { readonly actions: infer A } } ? A : {}
type CallTypes<M, K, A> = K extends keyof M
  ? A extends keyof ActionsOf<M[K]>
    ? ActionsOf<M[K]>[A] extends { readonly '~call'?: infer C }
      ? NonNullable<C>
      : never
    : never
  : never
/** The input of an action. */
export type ActionInput<M, K, A> = CallTypes<M, K, A> extends { readonly input: infer I } ? I : unknown
/** The result of an action. */
export type ActionOutput<M, K, A> = CallTypes<M, K, A> extends { readonly output: infer O } ? O : unknown
