import type { AnyResource } from './model/declare/declaration.ts'
import type { Id } from './model/model.ts'
import type { Complete, FieldsIn, IdOf, Modelled, New, Own, Patch, Row } from './model/declare/types.ts'
import type { CheckedField, CheckedInclude, CheckedSort, Selected } from './model/declare/shown.ts'
import type { Where } from './model/rules/where.ts'
import type { Call, Outcome } from './engine/call/call.ts'
import type { Engine } from './engine/engine.ts'
import type { History, HistoryRecord } from './engine/past/history.ts'
import { database as databaseOf } from './engine/call/database.ts'
import { valueOf } from './engine/call/outcome.ts'
import { plainAnswer, appCall, type Answer } from './engine/call/app-call.ts'
import type { CallOptions, Database } from './model/rules/operations.ts'
import { everything } from './query/predicate.ts'
import type { Store } from './store/store.ts'
import { wait, type Maybe } from './store/work.ts'

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

/**
 * The operations of an API for the application's own code. They pass all checks and hooks that a client's request passes.
 * Without `me` they act for the application, to which no rules apply, and which may set readonly and hidden fields:
 * `app.post('user', { email, role: 'admin' })`.
 *
 * @throws {ApiError} for the same reasons as over HTTP: `not_found`, `validation`, `precondition_failed` and so on. Match on
 * `code`.
 */
export interface Operations<M> {
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
  readonly post: Operations<M>['create']
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
  readonly put: Operations<M>['replace']
  /** Changes the fields that the body names, and leaves all others: `await app.patch('todo', 7, { done: true })`. */
  patch<K extends Name<M>>(
    name: K,
    id: IdOf<M, K>,
    data: Patch<M, K> & Own<M, K>,
    options?: CallOptions,
  ): Promise<Row<M, K>>
  /** Deletes a row. What happens to rows that refer to it is declared in their references. */
  delete<K extends Name<M>>(name: K, id: IdOf<M, K>, options?: CallOptions): Promise<void>
  /** What the change log knows about a row, newest first. Deleted rows have a history too. */
  history<K extends Name<M>>(name: K, id: IdOf<M, K>, options?: HistoryOptions): Promise<History>
  /** Calls an action of the resource. An action on a row needs its `id` in the options. */
  act<K extends Name<M>, A extends ActionName<M, K>>(
    name: K,
    action: A,
    input?: ActionInput<M, K, A>,
    options?: Pick<CallOptions, 'me' | 'auth' | 'idempotencyKey'> & { readonly id?: IdOf<M, K> },
  ): Promise<ActionOutput<M, K, A>>
}

/** Which part of a row's history is read, and for whom. Without `me` the application reads it for itself. */
export interface HistoryOptions extends Pick<CallOptions, 'me' | 'auth'> {
  /** Only records before this position. It is the `next` of the previous page. null = begin with the newest record. */
  readonly before?: string | null
  /** Records per page. Default: 100. */
  readonly limit?: number
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

/** The operations by plain names and values. They never throw for a refused call, but return its status and problem document. */
export interface SafeOperations<_M = unknown> {
  get(name: string, id?: Id | null, options?: CallOptions): Promise<Answer>
  list(name: string, options?: CallOptions): Promise<Answer>
  create(name: string, data: unknown, options?: CallOptions): Promise<Answer>
  /** Another name of `create`. */
  post(name: string, data: unknown, options?: CallOptions): Promise<Answer>
  replace(name: string, id: unknown, data: unknown, options?: CallOptions): Promise<Answer>
  /** Like `replace`. Without an id it creates a row. */
  put(name: string, id: unknown, data: unknown, options?: CallOptions): Promise<Answer>
  patch(name: string, id: unknown, data: unknown, options?: CallOptions): Promise<Answer>
  delete(name: string, id: unknown, options?: CallOptions): Promise<Answer>
}

type Handle = (call: Call) => Maybe<Outcome>

export function operations<M = Record<string, AnyResource>>(engine: Engine, handle: Handle): Operations<M> {
  const database: Database = databaseOf(engine, handle, undefined)
  return {
    ...(database as unknown as Omit<Operations<M>, 'history'>),
    history: async (name, id, { before = null, limit = 100, ...options } = {}) => {
      const call = appCall(engine, { operation: 'get', name, id }, options)
      const outcome = await handle({ ...call, history: { before, limit } })
      return { records: valueOf(outcome) as HistoryRecord[], next: outcome.kind === 'list' ? outcome.next : null }
    },
  }
}

export function safeOperations<M = Record<string, AnyResource>>(engine: Engine, handle: Handle): SafeOperations<M> {
  const safe = async (make: () => Call): Promise<Answer> => plainAnswer(handle, make)
  const create: SafeOperations['create'] = (name, data, options = {}) =>
    safe(() => appCall(engine, { operation: 'create', name, data }, options))
  const replace: SafeOperations['replace'] = (name, id, data, options = {}) =>
    safe(() => appCall(engine, { operation: 'replace', name, id, data }, options))
  return {
    create,
    post: create,
    replace,
    get: (name, id = null, options = {}) =>
      safe(() => appCall(engine, { operation: id === null ? 'list' : 'get', name, id }, options)),
    list: (name, options = {}) => safe(() => appCall(engine, { operation: 'list', name }, options)),
    put: (name, id, data, options = {}) =>
      id === null ? create(name, data, options) : replace(name, id, data, options),
    patch: (name, id, data, options = {}) =>
      safe(() => appCall(engine, { operation: 'patch', name, id, data }, options)),
    delete: (name, id, options = {}) => safe(() => appCall(engine, { operation: 'delete', name, id }, options)),
  }
}

/** The option `seed`, whatever the resources. */
export type Seed = (app: Operations<Record<string, AnyResource>>) => Promise<void>

/** Runs `seed`, which makes the first rows, if no resource has any row yet. */
export async function seedOnce(engine: Engine, store: Store, opening: Maybe<void>, seed: Seed): Promise<void> {
  await opening
  const empty = await store.read(function* (snapshot) {
    for (const resource of engine.model.resources.values())
      if ((yield* wait(snapshot.count(resource, everything))) > 0) return false
    return true
  })
  if (empty) await seed(operations(engine, call => engine.handle(call)))
}
