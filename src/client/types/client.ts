import type { FieldsIn } from '../../model/declare/types.ts'
import type { Asked, Problem } from '../problem.ts'
import type { Status } from '../status.ts'
import type { LoginCode } from './codes.ts'
import type { LiveRow } from './live.ts'
import type { RequestOptions } from './query.ts'
import type { Resource } from './resource.ts'

/**
 * The declarations of an API. An interface gives them a short name, which editors then show:
 *
 * @example
 * export interface App extends Served<typeof app> {} // on the server
 * const api = client<App>('https://…') // in the browser, after `import type { App }`
 */
export type Served<A> = A extends { readonly '~model'?: infer M } ? NonNullable<M> : never

/** The client of an API: `Client<typeof app>`, or `Client<App>` where App is an interface that extends {@link Served}. */
export type Client<A> = '~model' extends keyof A ? ClientOf<Served<A>> : ClientOf<A>
type ClientOf<M> = Faces<M> & Own<M>

type Faces<M> = { readonly [K in keyof M as M[K] extends { readonly '~handled': unknown } ? never : K]: Face<M, K> }
type Face<M, K extends keyof M> = keyof FieldsIn<M, K> extends never
  ? Actions<M, K, 'get' | 'patch' | 'delete'>
  : keyof ActionsOf<M[K]> extends never
    ? Resource<M, K>
    : Resource<M, K> & Actions<M, K>

/** The actions of a resource. They give way to operations, except for the names E. */
type Actions<M, K extends keyof M, E = never> = {
  readonly [P in Exclude<keyof ActionsOf<M[K]>, Exclude<keyof Resource<M, K>, E>>]: ActionsOf<M[K]>[P] extends {
    readonly '~call'?: infer C
  }
    ? Action<NonNullable<C>>
    : never
}
type ActionsOf<R> = R extends { readonly '~type': { readonly actions: infer A } } ? A : {}

/** An action on a row has its id in front. Arguments may be left out if none of them is required. */
type Action<C> = C extends { readonly input: infer I; readonly output: infer O; readonly on: infer P }
  ? P extends 'row'
    ? {} extends I
      ? (id: number | string, input?: I, options?: ActionOptions) => Asked<O, Problem<string>>
      : (id: number | string, input: I, options?: ActionOptions) => Asked<O, Problem<string>>
    : {} extends I
      ? (input?: I, options?: ActionOptions) => Asked<O, Problem<string>>
      : (input: I, options?: ActionOptions) => Asked<O, Problem<string>>
  : never

/**
 * Options of a call of an action.
 *
 * @example
 * await api.todo.close(7, { why: 'done' }, { signal: AbortSignal.timeout(1_000) })
 */
export interface ActionOptions extends RequestOptions {
  /** The idempotency key. */
  readonly key?: string
  /** The HTTP method. Default: the one with which the name begins (`get_list`), else POST. */
  readonly method?: string
}

/**
 * What belongs to the client itself. No resource has a name that begins with `$`.
 *
 * @example
 * const state = api.$dehydrate() // of all live queries, for a page that a server draws
 * api.$close()
 */
export interface Own<M> {
  readonly $auth: Auth<M>
  /** Sends any other request, for instance to a handled resource: `$request('GET', '/lamps/3')`. Returns its JSON. */
  $request(method: string, path: string, options?: AnyRequest): Asked<unknown>
  /**
   * Follows what functions serve at a URI (`handled`): a list, or one item, which is then the `row`. T is what one value is. Values
   * are told apart by their `id`, which should be the last segment of their URI; otherwise each change reads them all again.
   *
   * @example
   * const lamps = api.$live<Lamp>('/lamps/')
   * lamps.subscribe(({ rows }) => draw(rows))
   */
  $live<T = unknown>(uri: string): LiveRow<T, unknown>
  /**
   * Sends several calls as one request: all of them happen, or none. Returns the answers to those that the function returns.
   * `$ref` stands for the id of a row that an earlier call creates.
   *
   * @example
   * const [list, todo] = await api.$batch(batch => {
   *   const made = batch.list.create({ title: 'Trip' })
   *   return [made, batch.todo.create({ text: 'pack', list: batch.$ref(made) })]
   * })
   */
  $batch<const T extends readonly unknown[]>(
    ask: (batch: Batch<M>) => T,
    options?: Pick<ActionOptions, 'key' | 'signal'>,
  ): Asked<{ -readonly [I in keyof T]: Awaited<T[I]> }>
  /** Whether it is connected, and how many writes are not answered. */
  readonly $status: Status
  /**
   * What the live queries have now, as text that may stand in a script element: `<script type="application/json">`. A client with
   * this `state` begins with the same rows, and asks only for what happened since.
   */
  $dehydrate(): string
  /** Ends the connection and all live queries. */
  $close(): void
}

/**
 * The resources of an API in a batch. Live queries and files are not part of it.
 *
 * @example
 * const [home, paint] = await api.$batch(batch => {
 *   const list = batch.list.create({ title: 'Home' })
 *   return [list, batch.todo.create({ text: 'paint', list: batch.$ref(list) })]
 * })
 */
export type Batch<M> = Faces<M> & {
  /** The id of a row that a call of the same batch creates. */
  $ref<R extends { readonly id: unknown }>(created: Promise<R>): R['id']
}

/**
 * Any request.
 *
 * @example
 * const lamp = await api.$request('GET', '/lamps/3')
 */
export interface AnyRequest extends RequestOptions {
  readonly query?: Readonly<Record<string, unknown>>
  readonly data?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * Logging in and out.
 *
 * @example
 * await api.$auth.login({ email, password })
 * await api.$auth.logout()
 */
export interface Auth<M> {
  /** Logs in with the members that `.login(…)` names. The tokens are kept, and sent with every request. */
  login(credentials: LoginOf<M>): Asked<void, Problem<LoginCode>>
  /** Ends the session. */
  logout(): Asked<void, Problem<LoginCode>>
  /** Renews the tokens. The client does so itself when they expire. */
  refresh(): Asked<void, Problem<LoginCode>>
  /** A ticket that authenticates one connection or request within 30 seconds, for places that take no header field. */
  ticket(): Asked<string, Problem<LoginCode>>
}

type LoginOf<M> = {
  [K in keyof M]: M[K] extends { readonly '~type': { readonly login: infer L } } ? L : never
}[keyof M]
