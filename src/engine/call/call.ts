import type { Credentials, Principal } from '../../auth/principal.ts'
import type { ApiError, NamedAt } from '../../protocol/error.ts'
import type { Action, Field, Id, Resource, ScalarField, Value } from '../../model/model.ts'
import { plainShape, type Query, type Shape } from '../../query/predicate.ts'
import type { Arguments } from '../../schema/read/arguments.ts'
import type { Ctx } from '../../schema/field.ts'
import { jsonMode, type InputMode } from '../../schema/read/input-mode.ts'
import type { Maybe } from '../../store/work.ts'
import type { Reception, Upload } from '../files/reception.ts'

export type { Arguments, Principal }

/** Which part of a row's history is requested. It begins with the newest record. */
export interface HistoryRange {
  /** Only records before this position, `epoch.seq`; null = the newest. */
  readonly before: string | null
  readonly limit: number
}

/** `act` calls an action that the resource declares (see run-action.ts). */
export type Operation = 'list' | 'get' | 'create' | 'replace' | 'patch' | 'delete' | 'act'

/** Whether an operation is known to change nothing. `act` is not: only the action knows what it does. */
export function isRead(operation: string): operation is 'list' | 'get' {
  return operation === 'list' || operation === 'get'
}

/**
 * A request in the engine's terms, which every face decodes its messages to. It is plain data without getters, so a spread
 * copies all of it.
 */
export interface Call extends CallTarget, Showing, Content, CallTerms, CallOrigin {}

/** Which row or rows the call is about. */
export interface CallTarget {
  readonly operation: Operation
  readonly resource: Resource
  /** The canonical id of the row. Null for a list, and for a patch or deletion of all rows that `query` selects. */
  readonly id: Id | null
  /** The parent, if the call is about a nested list or a row in it: `/user/3/todos`. */
  readonly parent: { readonly resource: Resource; readonly id: Id; readonly field: Field } | null
  /** For a PUT by unique key: the fields of the key with their canonical values. */
  readonly key?: Readonly<Record<string, Value>> | null
  /** The file of the row that the call is about. Preconditions then compare the file's version, not the row's. */
  readonly file?: ScalarField | null
  /** The action that is called. Its arguments are `input`, or come from `arguments()` if the face has not received them yet. */
  readonly action?: Action | null
}

/** The id of the row that a call is about. Throws TypeError for a call about a list. */
export function rowId({ id, operation, resource }: CallTarget): Id {
  if (id === null) throw new TypeError(`this ${operation} of ${resource.name} names no row`)
  return id
}

/** The action that a call is about. Throws TypeError for any other call. */
export function actionOf({ action, operation, resource }: CallTarget): Action {
  if (!action) throw new TypeError(`this ${operation} of ${resource.name} calls no action`)
  return action
}

/** An earlier position that a read names, `epoch.seq`, and where the request names it. */
export interface EarlierPosition {
  readonly position: string
  readonly named: NamedAt
}

/** Which rows are selected, and how they are shown. */
export interface Showing {
  readonly query: Query | null
  readonly shape: Shape
  /** A deletion returns the row that it deleted. */
  readonly returning?: boolean
  /** Reads the state at an earlier position (see engine/past/). */
  readonly at?: EarlierPosition | null
  /** Reads the row's history from the log (see engine/past/). */
  readonly history?: HistoryRange | null
}

/** What a write or an action sends. */
export interface Content {
  /** The parsed body. The engine checks it. */
  readonly input?: unknown
  readonly mode: InputMode
  /** Unknown members of bodies are ignored instead of refused (`Prefer: handling=lenient`, RFC 7240 §4.4). */
  readonly lenient?: boolean
  /** The patch is a JSON Patch (RFC 6902) and not a merge patch. */
  readonly jsonPatch?: boolean
  /** The patch must name all required fields. Faces whose PUT does not create rows use this. */
  readonly complete?: boolean
  /** Receives the files of a write, but only once the caller is known to be allowed. Completes `input` and `uploads`. */
  readonly receive?: ((reception: Reception) => Promise<void>) | null
  /** The files that were received. */
  readonly uploads?: readonly Upload[] | null
  /** Receives and decodes the arguments of an action, but only once the caller is known to be allowed to call it. */
  readonly arguments?: (() => Maybe<Arguments>) | undefined
}

/** Conditions under which a call takes effect. */
export interface CallTerms {
  /** A position that the store must have reached first. Faces wait for it (live/resume/await-position.ts). */
  readonly min?: string
  readonly conditions: Conditions | null
  /** Makes a write that is sent twice take effect once (see engine/once/). */
  readonly idempotencyKey?: string | null
  /** The idempotency key of the batch that the call is part of. */
  readonly batchKey?: string | null
}

/** Who makes the call, and from where. */
export interface CallOrigin {
  readonly principal: Principal | null
  /** Passed to functions of the declaration as `ctx.auth`. */
  readonly auth?: Readonly<Record<string, unknown>>
  /** What the face knows about the request, for actions and hooks. */
  readonly credentials?: Credentials
  /** The client's address, as reported by trusted proxies. Rate limits use it; `credentials` may have another form of it. */
  readonly address?: string | undefined
  /** Aborted when the client's connection closes. Presence rows that the call writes are deleted then. */
  readonly connection?: AbortSignal | undefined
  /** The application itself makes the call: there is no limit to how much it may request. */
  readonly unbounded?: boolean
  /** The call acts for the application and not for a caller: no rule applies, and no principal is needed. */
  readonly trusted?: boolean
  /** The dialect has already checked the permissions of the resource in its own way. */
  readonly permitted?: boolean
}

/** What all calls have that the engine makes itself: about one row, as stored, in its own name. */
export const ownCall: Omit<Call, 'operation' | 'resource' | 'id'> = Object.freeze({
  parent: null,
  query: null,
  shape: plainShape,
  mode: jsonMode,
  conditions: null,
  principal: null,
  trusted: true,
  unbounded: true,
})

/** What functions of the declaration receive besides the row. */
export function contextOf(
  principal: Principal | null,
  auth: Readonly<Record<string, unknown>> | undefined,
  now: number,
): Ctx {
  return { me: principal, auth: auth ?? noAuth, now }
}

const noAuth: Readonly<Record<string, unknown>> = Object.freeze({})

/** Preconditions (RFC 9110 §13): entity tags without quotes, times in milliseconds since 1970. */
export interface Conditions {
  /** `*` or the listed tags; each tag says whether it is weak. */
  readonly ifMatch: '*' | readonly Tag[] | null
  readonly ifNoneMatch: '*' | readonly Tag[] | null
  readonly ifModifiedSince: number | null
  readonly ifUnmodifiedSince: number | null
}
export interface Tag {
  readonly value: string
  readonly weak: boolean
}

/** The conditions of a call that has none. Others spread it: `{ ...noConditions, ifMatch }`. */
export const noConditions: Conditions = Object.freeze({
  ifMatch: null,
  ifNoneMatch: null,
  ifModifiedSince: null,
  ifUnmodifiedSince: null,
})

/** The result of a call. Faces encode it and add nothing. */
export type Outcome = Item | List | Gone | Unchanged | Answered | Failure

/** A result that an idempotency key can repeat. */
interface Replayable {
  /** The write was already done by an earlier request with the same key. */
  readonly replayed?: boolean
}

export interface Item extends Replayable, WithHeaders {
  readonly kind: 'item'
  readonly created: boolean
  readonly resource: Resource
  /** Ids of the rows: one, unless the body was an array. */
  readonly ids: readonly Id[]
  /** JSON text of the representation. */
  readonly body: string
  /** Entity tag without quotes; null for several rows. */
  readonly etag: string | null
  /**
   * Milliseconds since 1970. Null until the second of the change is over, because a later change in that second would look the
   * same.
   */
  readonly modified: number | null
  /** `epoch.seq` after the write, or of the snapshot that was read. */
  readonly position: string
  /** To-many fields whose list of ids was cut at `limits.relatedIds`. */
  readonly cut: readonly string[]
}

export interface List extends WithHeaders {
  readonly kind: 'list'
  readonly resource: Resource
  readonly body: string
  /** The ids of the rows, where the rows do not show them; null where they do. */
  readonly ids: readonly Id[] | null
  readonly count: number
  readonly etag: string
  readonly position: string
  /** Cursors of the neighbouring pages; null if there is none. */
  readonly next: string | null
  readonly previous: string | null
  readonly total: number | null
  /** The limit that was applied, at most `limits.maxPage`; null = none. */
  readonly limit: number | null
}

/** A deletion that took place. */
export interface Gone extends Replayable, WithHeaders {
  readonly kind: 'gone'
  readonly resource: Resource
  readonly position: string
  /** JSON text of the deleted row, if the call requested it (`returning`). */
  readonly body?: string
}

/** A read whose precondition shows that the client already has the current version (304). */
export interface Unchanged extends WithHeaders {
  readonly kind: 'unchanged'
  readonly resource: Resource
  readonly etag: string
  readonly modified: number | null
  /** Of the snapshot in which it is current. */
  readonly position: string
}

/** What an action returned, or a hook in place of any other outcome. */
export interface Answered {
  readonly kind: 'value'
  readonly resource: Resource
  /** null if a hook returned it. */
  readonly action: Action | null
  readonly status: number
  /** Header fields; the names are in lower case. */
  readonly headers: HeaderLines
  /** Plain data, or a Response, which HTTP sends unchanged. */
  readonly value: unknown
  /** JSON text of the value; null if it is a Response. */
  readonly body: string | null
}

export type HeaderLines = readonly (readonly [name: string, value: string])[]

/** Header fields that hooks add to an outcome. */
interface WithHeaders {
  /** The names are in lower case. */
  readonly headers?: HeaderLines
}

export interface Failure {
  readonly kind: 'failure'
  readonly error: ApiError
}

export type { Value }
