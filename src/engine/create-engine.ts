import { ApiError } from '../protocol/error.ts'
import type { Auth } from '../auth/auth.ts'
import type { Limits } from '../protocol/limits.ts'
import type { Provided } from '../model/declare/action-context.ts'
import type { Model } from '../model/model.ts'
import type { CursorKey } from '../query/cursor.ts'
import type { ThisNode } from '../store/shared/this-node.ts'
import type { Store, Transaction } from '../store/store.ts'
import type { Maybe } from '../store/work.ts'
import { runBatch } from './batch/run-batch.ts'
import { RepresentationCache } from './cache/representation-cache.ts'
import type { Call, HeaderLines } from './call/call.ts'
import type { ContextEnvironment } from './call/context.ts'
import type { Engine } from './engine.ts'
import type { Expiry } from './ephemeral/expiry.ts'
import type { Files } from './files/files.ts'
import { ledgerOf } from './files/ledger.ts'
import { refusalOf } from './rules/authorize.ts'
import type { CallerChecks } from './rules/caller-checks.ts'
import type { Hooks } from './actions/request-hooks.ts'
import { newIds, type IdSource } from './call/ids.ts'
import type { Invocation } from './call/invocation.ts'
import type { Jobs } from './jobs/jobs.ts'
import { ListCache } from './cache/list-cache.ts'
import type { Limiter } from './rules/rate-limiter.ts'
import { Executor } from './execute.ts'
import { compose, composeChecks, type Parts } from './pipeline.ts'
import type { InputMode } from '../schema/read/input-mode.ts'

export interface EngineOptions {
  readonly model: Model
  readonly store: Store
  readonly node: ThisNode
  readonly limits: Limits
  readonly mode: InputMode
  readonly strict: boolean
  readonly auth: Auth | null
  /** Decides whether a caller may attempt an operation at all, before rules are asked. */
  readonly callerChecks: CallerChecks
  readonly clock: () => number
  readonly random: (bytes: number) => Uint8Array
  readonly ids: IdSource | null
  /** Size of the cache of representations, in bytes; 0 = no cache. */
  readonly cache: number
  readonly cursorKey: CursorKey
  /** null if there is no rate limit. */
  readonly limiter: Limiter | null
  /** null if no resource is ephemeral. */
  readonly expiry: Expiry | null
  /** null if no resource has files. */
  readonly files: Files | null
  /** null if no action is a job. */
  readonly jobs: Jobs | null
  /** The application's hooks around requests; null if it has none. */
  readonly hooks: Hooks | null
  /** The value that actions find as `ctx.provided`. */
  readonly provided: Provided
  /** Makes the URLs for `ctx.url`. */
  readonly url: ContextEnvironment['url']
  /** Receives every fault of the server (5xx), with its cause. */
  readonly onFault: (error: ApiError, call: Call) => void
  /** Receives every write that a rule refused, with the text of the rule. Meant for developers. */
  readonly onRefusal?: ((rule: string, call: Call) => void) | undefined
}

/** The engine with what only the composition root and the live layer may use. */
export interface OwnEngine extends Engine {
  /** Runs the checks for a call that subscribes. Throws the ApiError that a read would get. */
  readonly enter: (call: Call) => Maybe<void>
}

/** Makes an engine: the pipeline is composed once for each origin of calls. */
export function createEngine(options: EngineOptions): OwnEngine {
  const { store, model, limits, mode, clock, auth, callerChecks, cursorKey, files, limiter, jobs, expiry } = options
  const engine: OwnEngine = {
    model,
    limits,
    get epoch() {
      return store.terms.epoch
    },
    mode,
    clock,
    authenticate: auth?.authenticate ?? (() => null),
    auth,
    callerChecks,
    cursorKey,
    files,
    limiter,
    handle: call => (call.unbounded ? handleCode : handleOutside)(invocationOf(call)),
    within: (tx, call) => handleWithin(invocationOf(call, tx)),
    batch: batch =>
      runBatch({ store, clock, handle: (tx, call, part) => handleBatch({ ...invocationOf(call, tx), part }) }, batch),
    refusal: (asked, fault) => refusalOf(callerChecks, asked, ApiError.from(fault)),
    enter: call => (call.unbounded ? enterFromCode : enterFromOutside)(invocationOf(call, null, true)),
  }
  const { provided, url, cache } = options
  const surroundings: ContextEnvironment = { engine, store, provided, url, jobs }
  const executor = new Executor({
    model,
    store,
    node: options.node,
    clock,
    surroundings,
    cache: cache > 0 ? new RepresentationCache(store, cache / 2) : null,
    lists: cache > 0 ? new ListCache(cache / 2) : null,
    ledger: ledgerOf(model),
    strict: options.strict,
  })
  const newId = newIds(options.ids, clock, options.random)
  // Composed here, once: a call then runs through plain function calls and looks nothing up.
  const parts: Parts = { ...options, newId, surroundings, executor }
  const handleOutside = compose(parts, 'outside')
  const handleCode = compose(parts, 'code')
  const handleWithin = compose(parts, 'transaction')
  const handleBatch = compose(parts, 'batch')
  const handleUpkeep = compose(parts, 'upkeep')
  const enterFromOutside = composeChecks(parts, 'outside')
  const enterFromCode = composeChecks(parts, 'code')
  // Expiry and jobs make calls themselves, so they get the engine when it exists.
  expiry?.attach((call, tx) => handleUpkeep(invocationOf(call, tx)))
  jobs?.attach(surroundings)
  return engine
}

const none: HeaderLines = Object.freeze([])

function invocationOf(call: Call, tx: Transaction | null = null, isFollowed = false): Invocation {
  return { call, isFollowed, tx, context: null, writing: null, part: null, lines: none }
}
