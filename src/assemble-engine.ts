import { inputModeOf } from './api-dialects.ts'
import type { ApiOptions } from './api-options.ts'
import { createAuth } from './auth/auth.ts'
import { urlOf } from './engine/call/url.ts'
import { createEngine, type OwnEngine } from './engine/create-engine.ts'
import type { Engine } from './engine/engine.ts'
import { withEphemeral } from './engine/ephemeral/ephemeral.ts'
import type { Expiry } from './engine/ephemeral/expiry.ts'
import type { Files } from './engine/files/files.ts'
import { filesOf } from './engine/files/files-of-model.ts'
import { callerChecksOf } from './engine/rules/caller-checks.ts'
import { hooksOf, type OuterHooks } from './engine/actions/request-hooks.ts'
import type { Jobs } from './engine/jobs/jobs.ts'
import { jobsOf } from './engine/jobs/jobs-of-model.ts'
import { limiterOf } from './engine/rules/rate-limit.ts'
import { isDevelopment, printRefusal } from './engine/rules/report-refusal.ts'
import type { ApiEnvironment } from './environment.ts'
import { openInWords } from './start-up.ts'
import { memory } from './store/memory.ts'
import { cursorKeyOf, nodesOf, type Nodes } from './store/shared/nodes.ts'
import type { Model } from './model/model.ts'
import type { Limits } from './protocol/limits.ts'
import type { Store } from './store/store.ts'
import { tellOwnCommits } from './store/tell-own-commits.ts'
import type { Maybe } from './store/work.ts'

/** The default size of the cache for representations, in bytes. */
const CACHE = 16 * 1_048_576

/** Makes the path of a resource, a row or an action. */
type UrlOf = (target: string, params?: Readonly<Record<string, unknown>>) => string

/** An engine over a store that is being opened, and those parts of it that start and stop together with its API. */
export interface Assembled {
  readonly store: Store
  /** Settles when the store is open. */
  readonly opening: Maybe<void>
  readonly nodes: Nodes
  readonly expiry: Expiry | null
  readonly engine: OwnEngine
  readonly jobs: Jobs | null
  readonly files: Files | null
  readonly url: UrlOf
}

/** What is declared, and what all parts share. */
export interface Assembling {
  readonly model: Model
  readonly limits: Limits
  readonly prefix: string
  readonly environment: ApiEnvironment
}

/** Opens the store of an API, and makes the engine and all its parts from the options. */
export function assembleEngine({ model, limits, prefix, environment }: Assembling, options: ApiOptions): Assembled {
  const { random, report, onFault, onBackgroundFault } = environment
  const lasting = tellOwnCommits(options.store ?? memory())
  const nodes = nodesOf(lasting, environment)
  const { clock, node } = nodes
  const { store, expiry } = withEphemeral(lasting, model, { clock, onFault: onBackgroundFault, node })
  const opening = openInWords(() => store.open(model, { clock: environment.clock, random, report }))
  const url: UrlOf = (target, params) => urlOf(model, prefix, target, params)
  const auth = createAuth(options.auth, { model, store, clock, random, authenticate: options.authenticate ?? null })
  const background = { model, store, clock, random, onFault: onBackgroundFault }
  const jobs = jobsOf({ ...options.jobs, ...background, node, secured: auth !== null })
  const files = filesOf(options.files, background)
  const engine = createEngine({
    model,
    limits,
    store,
    expiry,
    url,
    node,
    mode: inputModeOf(options),
    strict: options.strict ?? false,
    auth,
    callerChecks: callerChecksOf(auth, options.permissions?.length ? options.permissions : null),
    clock,
    random,
    ids: options.ids ?? null,
    cache: options.cache ?? CACHE,
    cursorKey: cursorKeyOf(options.cursorKey, { store, opening, random }),
    limiter: limiterOf(model, clock, { rateLimit: options.rateLimit, budgets: options.budgets, store, random }),
    files,
    jobs,
    hooks: hooksOf(options, auth?.authority ? (options.auth as OuterHooks) : {}),
    provided: options.provide ?? {},
    onFault,
    onRefusal: isDevelopment() ? printRefusal : undefined,
  })
  return { store, opening, nodes, expiry, engine, jobs, files, url }
}

/**
 * The engine of an API over a store, for a command. Nothing goes on by itself, as it does in a server: no seed is sown, no commit
 * is followed, no file is cleared, and jobs that begin are left to the servers.
 */
export interface OfflineApi {
  readonly engine: Engine
  readonly store: Store
  close(): Promise<void>
}

/** Opens the store and resolves when it fits the model. Rejects as a start does if it cannot be made to fit. */
export async function openOffline(assembling: Assembling, options: ApiOptions): Promise<OfflineApi> {
  const jobless: ApiOptions = { ...options, jobs: { ...options.jobs, concurrency: 0 } }
  const { engine, store, opening, nodes, expiry, jobs, files } = assembleEngine(assembling, jobless)
  await opening
  return {
    engine,
    store,
    close: async () => {
      await Promise.all([jobs?.close(), files?.close()])
      engine.auth?.close()
      expiry?.close()
      await nodes.close()
      await store.close()
    },
  }
}
