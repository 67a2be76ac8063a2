import type { Limits } from './protocol/limits.ts'
import type { ApiError } from './protocol/error.ts'
import type { Provided } from './model/declare/action-context.ts'
import type { AnyResource } from './model/declare/declaration.ts'
import type { RateLimit } from './model/declare/rate-limit.ts'
import type { Profile } from './dialects/channels/profile.ts'
import type { Validators } from './dialects/restaction/text/validator.ts'
import type { FileStore } from './store/files.ts'
import type { Store } from './store/store.ts'
import type { Call } from './engine/call/call.ts'
import type { AuthOptions } from './auth/auth.ts'
import type { Authenticate } from './auth/principal.ts'
import type { Authority } from './auth/authority.ts'
import type { Permission } from './model/rules/permission.ts'
import type { After, Before, OnError, OuterHooks } from './engine/actions/request-hooks.ts'
import type { Ids } from './engine/call/ids.ts'
import type { Budgets } from './engine/rules/rate-limiter.ts'
import type { JobsOptions } from './engine/jobs/jobs-environment.ts'
import type { DocumentOptions } from './api-documents.ts'
import type { Operations } from './operations.ts'
import type { SocketIoOptions } from './transport/socketio/options.ts'
import type { Exporter } from './transport/http/response/negotiate.ts'
import type { HttpOptions } from './transport/http/options.ts'

export interface WebSocketOptions {
  /** Whose words clients without a subprotocol hear where the two differ: channels-api's (default) or DCRF's. */
  readonly envelope?: Profile
}

/** What an API is told beside its resources. */
export interface ApiOptions
  extends
    DocumentOptions,
    DataOptions,
    CallerOptions,
    InputOptions,
    HookOptions,
    LimitOptions,
    ServiceOptions,
    EnvironmentOptions {}

/** Where rows and files are kept. */
export interface DataOptions {
  /** Default: `memory()`. */
  readonly store?: Store
  /** Where the bytes of files are kept: `folder('files')`. Default: a folder beside the store's file, else memory. */
  readonly files?: FileStore
  /** Makes the first rows; runs once, when nothing is stored yet, before the first request. */
  readonly seed?: (app: Operations<Record<string, AnyResource>>) => Promise<void>
  /** Bytes of representations that are kept in memory, so that a row that is read often is not read again. Default: 16 MiB; 0 = none. */
  readonly cache?: number
  readonly ids?: Ids
}

/** Who calls, and what is asked of callers before rules are. */
export interface CallerOptions {
  /** Finds out who calls; resources that are not public then need a caller. */
  readonly authenticate?: Authenticate
  /** Tokens, sessions, scopes: how the users of a resource with `.login(…)`, and of other issuers, are recognised. */
  readonly auth?: AuthOptions | (Authority & OuterHooks)
  /** Asked of resources that have no permissions of their own: `[me => me !== null]`. */
  readonly permissions?: readonly Permission[]
}

/** How what clients send is read. */
export interface InputOptions {
  /** How JSON input is read: exactly (default), or with blargh's reversible casts. */
  readonly input?: 'json' | 'cast'
  /** Refuses requests that claim two things at once. */
  readonly strict?: boolean
  /** Documentation text of the API: its title and prose, and `$shared` and `$error` in restaction's notation. */
  readonly docs?: string
  /** Validators of one's own for schema texts, by name: see `defineValidator`. */
  readonly validators?: Validators
  /** Further members of the meta data that restaction's clients read. */
  readonly meta?: Readonly<Record<string, unknown>>
  /** 32 bytes or more that authenticate cursors; the same on every process that serves the API. Default: random per start. */
  readonly cursorKey?: Uint8Array
}

/** What runs around requests, and what the application's functions find. */
export interface HookOptions {
  /** Runs before every request; what it answers, if anything, is the answer. Several run in turn. */
  readonly before?: Before | readonly Before[]
  /** Sees every answer that is no error, and may answer with another. Several run in turn. */
  readonly after?: After | readonly After[]
  /** Hears of every error; what it answers, if anything, takes its place. */
  readonly error?: OnError
  /** What actions and hooks find as `ctx.provided`. */
  readonly provide?: Provided
  /** How many jobs run at once, and how long they are kept. */
  readonly jobs?: JobsOptions
}

/** How much may be asked. */
export interface LimitOptions {
  readonly limits?: Partial<Limits>
  /** How much one caller may ask in a time, of all resources together; resources may have limits of their own. Default: none. */
  readonly rateLimit?: RateLimit | readonly RateLimit[]
  /** Where the budgets of rate limits are kept, if several processes share them. Default: in memory. */
  readonly budgets?: Budgets
}

/** How it is served. */
export interface ServiceOptions {
  /** Options of the HTTP face. */
  readonly http?: HttpOptions
  /** Options of the Socket.IO face; false = there is none. */
  readonly socketio?: SocketIoOptions | false
  /** Options of WebSockets; false = there are none. */
  readonly websocket?: WebSocketOptions | false
  /** Formats of one's own by media type, beside JSON, XML, CSV and MessagePack: `{ 'text/html': value => … }`. */
  readonly exporters?: Readonly<Record<string, Exporter>>
}

/** Time, chance, and who hears of what happens. */
export interface EnvironmentOptions {
  /** Milliseconds since the epoch. */
  readonly clock?: () => number
  readonly random?: (bytes: number) => Uint8Array
  /** Where start-up says what it did to the store. Default: standard error. */
  readonly report?: (line: string) => void
  /** Hears of faults that are ours (5xx), with the call, or null where a subscription was told of a change. Default: standard error. */
  readonly onFault?: (error: ApiError, call: Call | null) => void
}
