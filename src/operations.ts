import type { AnyResource } from './model/declare/declaration.ts'
import type { Id } from './model/model.ts'
import type { IdOf, Modelled } from './model/declare/types.ts'
import type { Call, Outcome } from './engine/call/call.ts'
import type { Engine } from './engine/engine.ts'
import type { History, HistoryRecord } from './engine/past/history.ts'
import { database as databaseOf } from './engine/call/database.ts'
import { valueOf } from './engine/call/outcome.ts'
import { plainAnswer, appCall, type Answer } from './engine/call/app-call.ts'
import type { CallOptions } from './model/rules/call-options.ts'
import type { RowOperations } from './model/rules/row-operations.ts'
import { everything } from './query/predicate.ts'
import type { Leases } from './store/shared/leases.ts'
import { isEphemeral } from './store/ephemeral/sides.ts'
import type { Store } from './store/store.ts'
import { wait, type Maybe } from './store/work.ts'

/** The names of an API's resources with rows. */
type Name<M> = Modelled<M>

/**
 * The operations of an API for the application's own code. They pass all checks and hooks that a client's request passes.
 * Without `me` they act for the application, to which no rules apply, and which may set readonly and hidden fields:
 * `app.post('user', { email, role: 'admin' })`.
 *
 * @throws {ApiError} for the same reasons as over HTTP: `not_found`, `validation`, `precondition_failed` and so on. Match on
 * `code`.
 */
export interface Operations<M> extends RowOperations<M> {
  /** What the change log knows about a row, newest first. Deleted rows have a history too. */
  history<K extends Name<M>>(name: K, id: IdOf<M, K>, options?: HistoryOptions): Promise<History>
}

/** Which part of a row's history is read, and for whom. Without `me` the application reads it for itself. */
export interface HistoryOptions extends Pick<CallOptions, 'me' | 'auth'> {
  /** Only records before this position. It is the `next` of the previous page. null = begin with the newest record. */
  readonly before?: string | null
  /** Records per page. Default: 100. */
  readonly limit?: number
}

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
  const database = databaseOf(engine, handle, undefined)
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

/** Runs `seed`, which makes the first rows, if no resource has any row yet. Nodes that start at the same time wait for it. */
export async function seedOnce(
  engine: Engine,
  { store, leases, opening }: { readonly store: Store; readonly leases: Leases; readonly opening: Maybe<void> },
  seed: Seed,
): Promise<void> {
  await opening
  const lease = await leases.wait('seed')
  try {
    if (await isEmpty(engine, store)) await seed(operations(engine, call => engine.handle(call)))
  } finally {
    await lease.release()
  }
}

async function isEmpty(engine: Engine, store: Store): Promise<boolean> {
  return store.read(function* (snapshot) {
    for (const resource of engine.model.resources.values())
      if (!isEphemeral(resource) && (yield* wait(snapshot.count(resource, everything))) > 0) return false
    return true
  })
}
