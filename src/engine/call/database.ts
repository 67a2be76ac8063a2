import { ApiError } from '../../protocol/error.ts'
import type { Action, Id, Resource } from '../../model/model.ts'
import type { CallOptions } from '../../model/rules/call-options.ts'
import type { Database } from '../../model/rules/operations.ts'
import { plainShape } from '../../query/predicate.ts'
import type { Maybe } from '../../store/work.ts'
import type { Call, Outcome, Principal } from './call.ts'
import type { Credentials } from '../../auth/principal.ts'
import type { Engine } from '../engine.ts'
import { valueOf } from './outcome.ts'
import { appCall, idFrom, type AppRequest } from './app-call.ts'
import { jsonMode } from '../../schema/read/input-mode.ts'

/** The operations of `ctx.db` and `app.*`, either for a caller or, if `me` is undefined, for the application itself. */
export function database(
  engine: Engine,
  handle: (call: Call) => Maybe<Outcome>,
  me: Principal | null | undefined,
): Database {
  const value = async (make: () => Call): Promise<never> => valueOf(await handle(make())) as never
  const as = <O extends CallOptions>(options: O): O => (me === undefined ? options : { me, ...options })
  const call = (request: AppRequest, options: CallOptions): Promise<never> =>
    value(() => appCall(engine, request, as(options)))
  const create: Database['create'] = (name, data, options = {}) => call({ operation: 'create', name, data }, options)
  const replace: Database['replace'] = (name, id, data, options = {}) =>
    call({ operation: 'replace', name, id, data }, options)
  return {
    create,
    post: create,
    replace,
    put: replace,
    get: (name, id, options = {}) => call({ operation: 'get', name, id }, options),
    list: (name, options = {}) => call({ operation: 'list', name }, options),
    patch: (name, id, data, options = {}) => call({ operation: 'patch', name, id, data }, options),
    delete: (name, id, options = {}) => call({ operation: 'delete', name, id }, options),
    act: (name, action, input, options = {}) => value(() => actionCallOf(engine, { name, action, input }, as(options))),
  }
}

/** What a face knows about a request for an action. */
export interface ActionRequest {
  readonly resource: Resource
  readonly action: Action
  /** The row, for an action on a row. */
  readonly id: Id | null
  /** The arguments as parsed JSON; absent if there are none. */
  readonly input?: unknown
  readonly principal: Principal | null
  readonly credentials?: Credentials
}

/** Makes the call of an action. `engine.handle(actionCall({ … }))` resolves to an Outcome of kind `value`. */
export function actionCall(request: ActionRequest): Call {
  return {
    operation: 'act',
    parent: null,
    query: null,
    shape: plainShape,
    mode: jsonMode,
    conditions: null,
    ...request,
  }
}

/**
 * Finds an action by name, in a resource with rows or in one that consists of actions only. Throws ApiError `not_found` for an
 * unknown resource and `unknown_op` for an unknown action.
 */
export function findAction(engine: Pick<Engine, 'model'>, name: string, action: string): Action {
  const { resources, standalone } = engine.model
  const resource = resources.get(name) ?? standalone.get(name) ?? standalone.get(name.toLowerCase())
  if (!resource) throw new ApiError('not_found', { detail: `there is no resource ${name}` })
  const found = resource.actions.get(action)
  if (!found) throw new ApiError('unknown_op', { detail: `${name} has no action ${action}` })
  return found
}

/** Makes the call of an action from the application's own code. */
function actionCallOf(
  engine: Engine,
  asked: { readonly name: string; readonly action: string; readonly input: unknown },
  options: CallOptions & { readonly id?: unknown },
): Call {
  const action = findAction(engine, asked.name, asked.action)
  const { resource } = action
  const { me, auth, id, idempotencyKey } = options
  return {
    ...actionCall({
      resource,
      action,
      id: action.on === 'row' ? idFrom(engine, resource, id) : null,
      input: asked.input,
      principal: me ?? null,
    }),
    mode: engine.mode,
    trusted: me === undefined,
    unbounded: true,
    ...(auth ? { auth } : {}),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  }
}
