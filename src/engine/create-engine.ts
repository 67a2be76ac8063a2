import type { ApiError } from '../protocol/error.ts'
import type { Auth } from '../auth/auth.ts'
import type { Limits } from '../protocol/limits.ts'
import type { Provided } from '../model/declare/action-context.ts'
import type { Model } from '../model/model.ts'
import type { CursorKey } from '../query/cursor.ts'
import type { Store, Transaction } from '../store/store.ts'
import type { Maybe } from '../store/work.ts'
import { Cache } from './cache/representation-cache.ts'
import type { Call, HeaderLines } from './call/call.ts'
import type { Surroundings } from './call/context.ts'
import type { Engine } from './engine.ts'
import type { Expiry } from './actions/expiry.ts'
import type { Files } from './files/files.ts'
import { ledgerOf } from './files/ledger.ts'
import type { Gate } from './rules/gate.ts'
import type { Hooks } from './actions/request-hooks.ts'
import { newIds, type Ids } from './call/ids.ts'
import type { Invocation } from './call/invocation.ts'
import type { Jobs } from './jobs/jobs.ts'
import { KeptLists } from './cache/list-cache.ts'
import type { Limiter } from './rules/rate-limiter.ts'
import { Operations } from './operations.ts'
import { compose, composeChecks, type Parts } from './pipeline.ts'
import type { InputMode } from '../schema/read/input-mode.ts'

export interface EngineOptions {
  readonly model: Model
  readonly store: Store
  readonly limits: Limits
  readonly mode: InputMode
  readonly strict: boolean
  readonly auth: Auth | null
  /** What callers pass before rules are asked. */
  readonly gate: Gate
  readonly clock: () => number
  readonly random: (bytes: number) => Uint8Array
  readonly ids: Ids | null
  /** Bytes of representations that are kept in memory; 0 = none. */
  readonly cache: number
  readonly cursorKey: CursorKey
  /** Null where nothing is limited. */
  readonly limiter: Limiter | null
  /** Null where no resource is ephemeral. */
  readonly expiry: Expiry | null
  /** Null where no resource has files. */
  readonly files: Files | null
  /** Null where no action is a job. */
  readonly jobs: Jobs | null
  /** What runs around requests. */
  readonly hooks: Hooks | null
  /** What actions find as `ctx.provided`. */
  readonly provided: Provided
  /** How actions name URIs. */
  readonly url: Surroundings['url']
  /** Hears of every fault that is ours (5xx), with its cause. */
  readonly onFault: (error: ApiError, call: Call) => void
  /** Hears of every write that a rule refused, with the rule; for people in development. */
  readonly onRefusal?: ((rule: string, call: Call) => void) | undefined
}

/** The engine as its API sees it, which also serves what is followed. */
export interface OwnEngine extends Engine {
  /** Lets a call pass whose answer will be followed; throws ApiError where it is refused. */
  readonly enter: (call: Call) => Maybe<void>
}

/** An engine: the pipeline, once for every origin of calls. */
export function createEngine(options: EngineOptions): OwnEngine {
  const { store, model, limits, mode, clock, auth, gate, cursorKey, files, limiter, jobs, expiry } = options
  const engine: OwnEngine = {
    model,
    limits,
    get epoch() {
      return store.epoch
    },
    mode,
    clock,
    authenticate: auth?.authenticate ?? (() => null),
    auth,
    gate,
    cursorKey,
    files,
    limiter,
    handle: call => (call.unbounded ? handleCode : handleOutside)(invocationOf(call)),
    within: (tx, call) => handleWithin(invocationOf(call, tx)),
    enter: call => (call.unbounded ? enterFromCode : enterFromOutside)(invocationOf(call, null, true)),
  }
  const { provided, url, cache } = options
  const surroundings: Surroundings = { engine, store, provided, url, jobs }
  const operations = new Operations({
    model,
    store,
    clock,
    surroundings,
    cache: cache > 0 ? new Cache(store, cache / 2) : null,
    lists: cache > 0 ? new KeptLists(cache / 2) : null,
    ledger: ledgerOf(model),
    strict: options.strict,
  })
  const newId = newIds(options.ids, clock, options.random)
  const parts: Parts = { ...options, newId, surroundings, operations }
  const handleOutside = compose(parts, 'outside')
  const handleCode = compose(parts, 'code')
  const handleWithin = compose(parts, 'transaction')
  const handleUpkeep = compose(parts, 'upkeep')
  const enterFromOutside = composeChecks(parts, 'outside')
  const enterFromCode = composeChecks(parts, 'code')
  expiry?.attach((call, tx) => handleUpkeep(invocationOf(call, tx)))
  jobs?.attach(surroundings)
  return engine
}

const none: HeaderLines = Object.freeze([])

function invocationOf(call: Call, tx: Transaction | null = null, isFollowed = false): Invocation {
  return { call, isFollowed, tx, context: null, writing: null, lines: none }
}
