import type { Limits } from './protocol/limits.ts'
import type { ApiError } from './protocol/error.ts'
import type { Provided } from './model/declare/action-context.ts'
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
import type { IdSource } from './engine/call/ids.ts'
import type { Budgets } from './engine/rules/rate-limiter.ts'
import type { JobsOptions } from './engine/jobs/jobs-environment.ts'
import type { DocumentOptions } from './api-documents.ts'
import type { Operations } from './operations.ts'
import type { StudioOptions } from './describe/studio/studio-options.ts'
import type { SocketIoOptions } from './transport/socketio/options.ts'
import type { Exporter } from './transport/http/format.ts'
import type { HttpOptions } from './transport/http/options.ts'

/** Options of WebSockets. */
export interface WebSocketOptions {
  /** How clients without a subprotocol are answered where channels-api (default) and DCRF differ. */
  readonly envelope?: Profile
}

/** The options of an API: everything except its resources. */
// oxlint-disable-next-line typescript/no-explicit-any -- the options of any API, whatever its resources
export interface ApiOptions<M = any>
  extends
    DocumentOptions,
    DataOptions<M>,
    CallerOptions,
    InputOptions,
    HookOptions,
    LimitOptions,
    ServiceOptions,
    EnvironmentOptions {}

/** Where rows and files are kept. */
// oxlint-disable-next-line typescript/no-explicit-any -- as in ApiOptions
export interface DataOptions<M = any> {
  /** Where rows are kept: `sqlite('todo.db')`. Default: `memory()`, which loses everything when the process ends. */
  readonly store?: Store
  /** Where the bytes of files are kept: `folder('files')`. Default: a folder next to the file of the store, else memory. */
  readonly files?: FileStore
  /**
   * Makes the first rows. It runs once, before the first request, and only if nothing is stored yet.
   *
   * @example
   * api({ todo }, { seed: async app => void (await app.post('todo', { text: 'Read the guide' })) })
   */
  readonly seed?: (app: Operations<M>) => Promise<void>
  /**
   * How many bytes of representations are cached in memory, so that a row that is often read is not read from the store each
   * time. Default: 16 MiB. 0 = no cache.
   */
  readonly cache?: number
  /** A source of ids for new rows, so that tests can predict them. Default: counted integers, and UUIDs of version 7. */
  readonly ids?: IdSource
}

/** How callers are recognised, and what is required of them before any rules of resources. */
export interface CallerOptions {
  /** Finds out who calls. With it, a resource needs a caller unless it is `.public()`. */
  readonly authenticate?: Authenticate
  /** Tokens, sessions and scopes: how users of a resource with `.login(…)`, and of other issuers, are recognised. */
  readonly auth?: AuthOptions | (Authority & OuterHooks)
  /** Permissions for resources that have none of their own. Each must hold: `[me => me !== null]`. */
  readonly permissions?: readonly Permission[]
}

/** How the input of clients is read. */
export interface InputOptions {
  /** How JSON input is read: exactly (default), or with the reversible casts of blargh, where `"3"` may be the number 3. */
  readonly input?: 'json' | 'cast'
  /** Whether requests are refused that state the same thing in two ways. Default: false. */
  readonly strict?: boolean
  /** Documentation text of the API: its title and prose, and `$shared` and `$error` in the notation of restaction. */
  readonly docs?: string
  /** Your own validators for schema texts, by name. See `defineValidator`. */
  readonly validators?: Validators
  /** Further members of the metadata that clients of restaction read. */
  readonly meta?: Readonly<Record<string, unknown>>
  /**
   * The key that authenticates cursors: 32 bytes or more. All processes that serve the same API need the same key. Default:
   * random at each start, so that cursors do not outlive the process.
   */
  readonly cursorKey?: Uint8Array
}

/** The application's functions around requests, and what they can use. */
export interface HookOptions {
  /**
   * Runs before every request. If it returns an answer, the request gets it and goes no further. Several run one after another.
   */
  readonly before?: Before | readonly Before[]
  /** Sees every answer that is no error, and may return another one. Several run one after another. */
  readonly after?: After | readonly After[]
  /** Called with every error. If it returns an answer, that replaces the error. */
  readonly error?: OnError
  /** What actions and hooks find as `ctx.provided`: a mailer, a client of another service. */
  readonly provide?: Provided
  /** How many jobs run at the same time, and how long finished ones are kept. */
  readonly jobs?: JobsOptions
}

/** How much callers may ask for. */
export interface LimitOptions {
  /** Bounds that differ from `defaultLimits`: `{ body: 65_536, maxPage: 500 }`. */
  readonly limits?: Partial<Limits>
  /**
   * How many requests a caller may make in a time, for all resources together. Resources may have limits of their own. Default:
   * no limit.
   */
  readonly rateLimit?: RateLimit | readonly RateLimit[]
  /** Where the budgets of rate limits are kept, if several processes share them. Default: in the memory of this process. */
  readonly budgets?: Budgets
}

/** How the API is served. */
export interface ServiceOptions {
  /** Options of HTTP. */
  readonly http?: HttpOptions
  /** Options of Socket.IO. false = no Socket.IO. */
  readonly socketio?: SocketIoOptions | false
  /** Options of WebSockets. false = no WebSockets. */
  readonly websocket?: WebSocketOptions | false
  /**
   * The studio at `/studio`, a page on which to look at data, try operations and see frames: whether there is one, or who may use
   * it. Default: in development.
   */
  readonly studio?: boolean | StudioOptions
  /** Your own formats by media type, beside JSON, XML, CSV and MessagePack: `{ 'text/html': value => … }`. */
  readonly exporters?: Readonly<Record<string, Exporter>>
}

/** Time, randomness, and where reports go. Tests replace these. */
export interface EnvironmentOptions {
  /** The current time in milliseconds since the epoch. Default: `Date.now`. */
  readonly clock?: () => number
  /** Makes that many random bytes. Default: those of node:crypto. */
  readonly random?: (bytes: number) => Uint8Array
  /** Gets the lines in which start-up says what it did to the store. Default: prints them to standard error. */
  readonly report?: (line: string) => void
  /**
   * Called with every fault of the server (status 5xx) and the call that met it. null = there was no call, for instance because
   * a change was being told to subscribers. Default: prints the fault to standard error.
   */
  readonly onFault?: (error: ApiError, call: Call | null) => void
}
