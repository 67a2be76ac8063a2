import type { Credentials, Principal } from '../../auth/principal.ts'
import type { ApiError } from '../../protocol/error.ts'
import type { Action, Field, Id, Resource, ScalarField, Value } from '../../model/model.ts'
import type { Query, Shape } from '../../query/predicate.ts'
import type { Arguments } from '../../schema/read/arguments.ts'
import type { Ctx } from '../../schema/field.ts'
import type { InputMode } from '../../schema/read/input-mode.ts'
import type { Maybe } from '../../store/work.ts'
import type { Reception, Upload } from '../files/reception.ts'

export type { Arguments, Principal }

/** Which part of a row's history is asked for, newest first. */
export interface HistoryRange {
  /** Only records before this position, `epoch.seq`; null = the newest. */
  readonly before: string | null
  readonly limit: number
}

/** `act` calls one of the resource's own actions (see run-action.ts). */
export type Operation = 'list' | 'get' | 'create' | 'replace' | 'patch' | 'delete' | 'act'

/** Whether an operation changes nothing: `list` and `get`. What an action does, only the action knows. */
export function isRead(operation: string): operation is 'list' | 'get' {
  return operation === 'list' || operation === 'get'
}

/** A request in the engine's words: what every face decodes its bytes to. Plain data, so that copies lack nothing. */
export interface Call extends Target, Showing, Content, Terms, Caller {}

/** What is asked of which row or rows. */
export interface Target {
  readonly operation: Operation
  readonly resource: Resource
  /** Canonical id of the target; null for collections, and for a patch or deletion of all rows that `query` selects. */
  readonly id: Id | null
  /** A nested collection or item: `/user/3/todos`. */
  readonly parent: { readonly resource: Resource; readonly id: Id; readonly field: Field } | null
  /** PUT on a collection: the unique key that names the row, canonical values by field. */
  readonly key?: Readonly<Record<string, Value>> | null
  /** The file of the row that the call is about: conditions are about it, not about the row. */
  readonly file?: ScalarField | null
  /** Which action is called; its arguments are `input`, unless a face has yet to receive them. */
  readonly action?: Action | null
}

/** Which rows are selected, and how they are shown. */
export interface Showing {
  readonly query: Query | null
  readonly shape: Shape
  /** A deletion answers with what it deleted. */
  readonly returning?: boolean
  /** A read of the state at an earlier position, `epoch.seq` (see read-past.ts). */
  readonly at?: string | null
  /** A read of what the log tells of the row (see history.ts). */
  readonly history?: HistoryRange | null
}

/** What a write or an action brings. */
export interface Content {
  /** The body as parsed; checked by the engine. */
  readonly input?: unknown
  readonly mode: InputMode
  /** Members that the resource does not have are left out of bodies instead of refused (RFC 7240 §4.4). */
  readonly lenient?: boolean
  /** A patch in RFC 6902's form instead of a merge patch. */
  readonly jsonPatch?: boolean
  /** A patch that has to name all required fields, as faces have it whose PUT does not make rows. */
  readonly complete?: boolean
  /** Receives the files that a write brings, once its caller is known to be allowed; completes `input` and `uploads`. */
  readonly receive?: ((reception: Reception) => Promise<void>) | null
  /** What became of them. */
  readonly uploads?: readonly Upload[] | null
  /** Receives and decodes the arguments of an action, once its caller is known to be allowed to call it. */
  readonly arguments?: (() => Maybe<Arguments>) | undefined
}

/** On what terms a call is to take effect. */
export interface Terms {
  readonly conditions: Conditions | null
  /** Makes a write that is sent again take effect once (see idempotency.ts). */
  readonly idempotencyKey?: string | null
}

/** Who asks, and from where. */
export interface Caller {
  readonly principal: Principal | null
  /** Handed to functions of the declaration as `ctx.auth`. */
  readonly auth?: Readonly<Record<string, unknown>>
  /** What the face knows of the request, for actions and hooks. */
  readonly credentials?: Credentials
  /** Where the call comes from, behind proxies that are trusted; `credentials` tells it otherwise. For rate limits. */
  readonly address?: string | undefined
  /** Aborted when the connection that asks is over: the presence that it writes is over then, too. */
  readonly connection?: AbortSignal | undefined
  /** Called by the application itself: no bounds on what one call may ask or show. */
  readonly unbounded?: boolean
  /** Acts for the application, not for a caller: passes where a principal is required. */
  readonly trusted?: boolean
  /** The permissions of the resource have been asked already, in the words of the dialect. */
  readonly permitted?: boolean
}

/** What functions of the declaration receive beside the row. */
export function contextOf(
  principal: Principal | null,
  auth: Readonly<Record<string, unknown>> | undefined,
  now: number,
): Ctx {
  return { me: principal, auth: auth ?? noAuth, now }
}

const noAuth: Readonly<Record<string, unknown>> = Object.freeze({})

/** Preconditions (RFC 9110 §13), as entity tags without quotes and moments in milliseconds. */
export interface Conditions {
  /** '*' or the tags listed; weak ones are marked. */
  readonly ifMatch: '*' | readonly Tag[] | null
  readonly ifNoneMatch: '*' | readonly Tag[] | null
  readonly ifModifiedSince: number | null
  readonly ifUnmodifiedSince: number | null
}
export interface Tag {
  readonly value: string
  readonly weak: boolean
}

/** Conditions of a call that has none; a call that has one says `{ ...noConditions, ifMatch }`. */
export const noConditions: Conditions = Object.freeze({
  ifMatch: null,
  ifNoneMatch: null,
  ifModifiedSince: null,
  ifUnmodifiedSince: null,
})

/** What came of a call. Faces turn it into bytes and add nothing. */
export type Outcome = Item | List | Gone | Unchanged | Answered | Failure

/** The answer to a write. */
interface Replayable {
  /** The write was done before, by an earlier request with the same key. */
  readonly replayed?: boolean
}

export interface Item extends Replayable, Carrying {
  readonly kind: 'item'
  readonly created: boolean
  readonly resource: Resource
  /** Ids of the rows, one unless the body was an array. */
  readonly ids: readonly Id[]
  /** JSON text of the representation. */
  readonly body: string
  /** Entity tag without quotes; null for several rows. */
  readonly etag: string | null
  /** Milliseconds since 1970; null while the second of the change is not over. */
  readonly modified: number | null
  /** `epoch.seq` after the write, or of the snapshot. */
  readonly position: string
  /** To-many fields whose id list was cut at `limits.relatedIds`. */
  readonly cut: readonly string[]
}

export interface List extends Carrying {
  readonly kind: 'list'
  readonly resource: Resource
  readonly body: string
  readonly count: number
  readonly etag: string
  readonly position: string
  /** Cursors, null where there is no such page. */
  readonly next: string | null
  readonly previous: string | null
  readonly total: number | null
  /** The limit after clamping; null = none. */
  readonly limit: number | null
}

/** A deletion that was done. */
export interface Gone extends Replayable, Carrying {
  readonly kind: 'gone'
  readonly resource: Resource
  readonly position: string
  /** JSON text of what there was, if the call wanted it. */
  readonly body?: string
}

/** A read whose precondition says that the caller has it already (304). */
export interface Unchanged extends Carrying {
  readonly kind: 'unchanged'
  readonly resource: Resource
  readonly etag: string
  readonly modified: number | null
}

/** What an action, or a hook in the place of anything, answered. */
export interface Answered {
  readonly kind: 'value'
  readonly resource: Resource
  /** null where a hook answered. */
  readonly action: Action | null
  readonly status: number
  /** Names in lower case. */
  readonly headers: HeaderLines
  /** Plain data, or a Response that HTTP sends as it is. */
  readonly value: unknown
  /** JSON text of the value; null of a Response. */
  readonly body: string | null
}

export type HeaderLines = readonly (readonly [name: string, value: string])[]

/** What hooks add to an answer. */
interface Carrying {
  /** Names in lower case. */
  readonly headers?: HeaderLines
}

export interface Failure {
  readonly kind: 'failure'
  readonly error: ApiError
}

export type { Value }
