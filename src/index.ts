/**
 * Restuary: declare a resource once, get it over REST with validation, relations and a change log.
 *
 * @example
 * const todo = resource({ id: t.id(), text: t.text({ max: 500 }), done: t.bool().default(false) }).public()
 * await serve(api({ todo }, { store: sqlite('todo.db') }), { port: 3000 })
 */
export { api, type Api } from './api.ts'
export type { ApiOptions, WebSocketOptions } from './api-options.ts'
export type { FileOperations, PutFileOptions } from './api-files.ts'
export { serve, type Served, type ServeOptions } from './serve.ts'
export {
  handled,
  type DeclaredHandled,
  type HandledOperation,
  type HandledOptions,
  type HandlerContext,
  type ItemHandlers,
  type ListHandlers,
  type Patcher,
} from './model/declare/handled.ts'
export type { ParamsOf } from './model/declare/uri-pattern.ts'
export type { OutsideChange } from './engine/actions/handled-resources.ts'
export type { Extension } from './model/declare/extension.ts'
export { resource, type Declared, type ResourceSettings } from './model/declare/resource.ts'
export {
  act,
  action,
  actions,
  type ActionCall,
  type ActionOptions,
  type Actions,
  type DeclaredAction,
  type Standalone,
} from './model/declare/action.ts'
export type {
  Around,
  AroundCall,
  AroundOptions,
  CommittedChange,
  CommittedEvent,
  Next,
  OnCommit,
} from './model/declare/hook.ts'
export { job, type JobCall, type JobOptions } from './model/declare/job.ts'
export type { BegunJob } from './engine/jobs/jobs.ts'
export type { JobsOptions } from './engine/jobs/jobs-environment.ts'
export type { ActionContext, Provided } from './model/declare/action-context.ts'
export type { Database, Registered } from './model/rules/operations.ts'
export { abort, reply, type Reply, type ReplyHeaders, type ReplyOptions } from './engine/call/reply.ts'
export type { After, Before, OnError } from './engine/actions/request-hooks.ts'
export type { UrlMatch } from './engine/call/url.ts'
export type { AnySchema, GivenOf, ValueOf } from './schema/infer.ts'
export type { StandardSchema } from './schema/standard/standard.ts'
export { t } from './schema/builder.ts'
export { defineType } from './schema/define-type.ts'
export { refuse, type Refused } from './schema/read/refused.ts'
export type { CustomType, OperatorSet, TypeDefinition } from './schema/scalar-type.ts'
export type { FileShown } from './schema/file.ts'
export type { Declarations, Expanded, IdOf, Include, New, Patch, Row } from './model/declare/types.ts'
// Compilers need names for all that the type of an API is made of, to write it into a declaration file.
export type { CallOf } from './model/declare/action.ts'
export type { MaskedField } from './model/declare/masked.ts'
export type { IdField } from './schema/builders.ts'
export type { Count, Derived, FileField, Me, One, Scalar, ToMany } from './schema/types.ts'
export type { Id } from './schema/value.ts'
export type { Sort, Where } from './model/rules/where.ts'
export { all, always, any, js, never, not, type Rule, type RuleTest } from './model/rules/rule.ts'
export type { Expression, MeExpression, RelationExpression, RowExpression, Rules } from './model/rules/rule-types.ts'
export { ModelError, type Fault } from './model/link/faults.ts'
export { memory } from './store/memory.ts'
export { folder, type FileStore } from './store/files.ts'
export type { Change, Commit, Snapshot, Store } from './store/store.ts'
export { dataStep, type AddRow, type DataStep, type DataStepOptions } from './store/migrate/data-step.ts'
export { sqlite, type SqliteOptions } from './store/sqlite/index.ts'
export { ApiError, type Issue, type Problem } from './protocol/error.ts'
export type { Code, IssueCode } from './protocol/codes.ts'
export { defaultLimits, type Limits } from './protocol/limits.ts'
export type { Budgets, Spent } from './engine/rules/rate-limiter.ts'
export type { Deprecation } from './model/declare/deprecation.ts'
export { tracedCalls, type TracedCall } from './engine/actions/trace.ts'
export type { RateLimit, RateLimitOptions } from './model/declare/rate-limit.ts'
export type { Principal } from './engine/call/call.ts'
export type { Authenticate, Credentials, Identity } from './auth/principal.ts'
export type { Auth, AuthOptions } from './auth/auth.ts'
export type { AttemptLimits } from './auth/login/attempts.ts'
export type { CookieOptions } from './auth/session/cookie.ts'
export type { Issuer } from './auth/sources/foreign-tokens.ts'
export type { Granted } from './auth/login/login.ts'
export type { Watched } from './auth/session/watch.ts'
export { apiKeys, type KeyLookup } from './auth/sources/api-keys.ts'
export { basicAuth, type BasicCheck } from './auth/sources/basic.ts'
export { firstOf } from './auth/sources/first-of.ts'
export { hashPassword, verifyPassword } from './auth/login/password.ts'
export type { Authority } from './auth/authority.ts'
export type { Caller, Permission } from './model/rules/permission.ts'
export type { Answer } from './engine/call/app-call.ts'
export type { History, HistoryRecord } from './engine/past/history.ts'
export type { ListOptions } from './model/rules/row-operations.ts'
export type { HistoryOptions, Operations, SafeOperations } from './operations.ts'
export type { LiveOperation, LiveQuery } from './live-operation.ts'
export type { LiveChange, LiveRows } from './live/subscriptions/follow-rows.ts'
export type { Mode } from './live/subscriptions/coalesce.ts'
export { mount, type Mountable, type Mounted } from './transport/hosts/mount.ts'
export { handler } from './transport/hosts/node.ts'
export { attachFaces, type Faces, type FaceOptions, type SocketApi } from './transport/hosts/faces.ts'
export type { SocketIoOptions } from './transport/socketio/options.ts'
export type { Exported, Exporter } from './transport/http/format.ts'
export type { HttpOptions } from './transport/http/options.ts'
