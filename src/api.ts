import { randomBytes } from 'node:crypto'
import { defaultLimits, type Limits } from './protocol/limits.ts'
import { ApiError } from './protocol/error.ts'
import { link } from './model/link.ts'
import type { AnyResource } from './model/declaration.ts'
import type { DeclaredHandled } from './model/handled.ts'
import type { Model } from './model/model.ts'
import type { Checked } from './model/types.ts'
import { memory } from './store/memory.ts'
import type { Store, Transaction } from './store/store.ts'
import type { Call, Outcome } from './engine/call.ts'
import { createAuth } from './auth/auth.ts'
import { withSessions } from './auth/session.ts'
import { gateOf } from './engine/gate.ts'
import { withTokens } from './engine/token-hooks.ts'
import { database } from './engine/database.ts'
import { createEngine, type Engine } from './engine/engine.ts'
import { createHandled, type Handled, type OutsideChange } from './engine/handled.ts'
import { filesOf, withFiles } from './engine/files/of-model.ts'
import { hooksOf } from './engine/hooks.ts'
import { withDeprecation } from './engine/deprecated.ts'
import { settled, withEphemeral, withExpiry } from './engine/expiry.ts'
import { jobsOf, runJob, withJobResource, type RunJob } from './engine/jobs/of-model.ts'
import { withJobs } from './engine/jobs/with-jobs.ts'
import { chargeOf, limiterOf, withLimits } from './engine/limited.ts'
import { withTraces } from './engine/trace.ts'
import { isDevelopment, printFault, printLine, printRefusal } from './engine/report.ts'
import { matchUrl, urlOf, type UrlMatch } from './engine/url.ts'
import { fileOperations, type FileOperations } from './api-files.ts'
import type { ApiOptions } from './api-options.ts'
import { documentPages } from './api-documents.ts'
import { apart, linkHandled } from './handled-resources.ts'
import { followCommits, withHooks } from './live/commit-hooks.ts'
import { Live } from './live/live.ts'
import { PublishedFeed } from './live/published.ts'
import { liveOperation, type LiveOperation } from './live-operation.ts'
import { operations, safeOperations, seedOnce, type Operations, type SafeOperations } from './operations.ts'
import { admissionOf } from './transport/admission.ts'
import type { FaceOptions } from './transport/faces.ts'
import { fetch } from './transport/fetch.ts'
import type { HttpOptions } from './transport/http/options.ts'
import type { Maybe } from './store/work.ts'

/** A declared API over a store: the application's own way in, and what faces serve. */
export interface Api<M = Record<string, AnyResource>> extends Operations<M> {
  readonly '~model'?: M
  readonly model: Model
  readonly engine: Engine
  readonly store: Store
  readonly http: HttpOptions
  /** Resources that functions serve. */
  readonly handled: Handled
  /** Subscriptions to them, and to whatever is published. */
  readonly published: PublishedFeed
  /** Which ways in there are beside HTTP. */
  readonly faces: FaceOptions
  /** Callers are told apart: only resources that say `.public()` are open to anyone. */
  readonly secured: boolean
  /** Resolves when the store has adapted to the model; rejects with what stands in the way. */
  ready(): Promise<void>
  /** Follows a list, or one row, from what it is now through every commit. */
  readonly live: LiveOperation<M>
  /** The same operations, answering with status and problem document instead of throwing. */
  readonly safe: SafeOperations<M>
  /** The bytes of files. */
  readonly files: FileOperations<M>
  /** Several operations, all or nothing. What the callback throws undoes them and is thrown again. */
  transaction<T>(work: (tx: Operations<M>) => Promise<T>): Promise<T>
  /**
   * Tells subscribers of a URI, and the log, what happened outside: `publish('/lamps/3', { patch: { on: true } })`, or
   * `{ create: lamp }` on the URI of a list. Resolves with the position of the record.
   */
  publish(uri: string, change: OutsideChange): Promise<string>
  /** Begins an action that is a job. Without `me` it acts for the application, and no caller sees it. */
  readonly run: RunJob
  /** The HTTP face as a function of the Fetch standard, without a socket. */
  fetch(request: Request): Promise<Response>
  /** The path of a resource, a row or an action: `url('hello@login')`, `url('todo', { id: 7, depth: 2 })`. */
  url(target: string, params?: Readonly<Record<string, unknown>>): string
  /** What stands at a path or URL of this API; null if nothing does. */
  match(url: string): UrlMatch | null
  close(): Promise<void>
}

/**
 * Links the declarations, opens the store and gives the whole one name.
 * Throws ModelError with every fault of the declarations; a synchronous store's refusal is thrown as well.
 */
export function api<const M extends Readonly<Record<string, AnyResource | DeclaredHandled>>>(
  resources: M & Checked<M>,
  options: ApiOptions = {},
): Api<M> {
  const limits: Limits = { ...defaultLimits, ...options.limits }
  const { modelled, handled: declared } = apart(resources)
  const model = link(withJobResource(withHooks(withSessions(withFiles(modelled))), options.paths ?? {}), {
    limits,
    paths: options.paths ?? {},
    docs: options.docs ?? null,
    validators: options.validators ?? {},
  })
  const routes = linkHandled(declared, model)
  const report = options.report ?? printLine
  for (const line of model.warnings) report(line)
  const clock = options.clock ?? Date.now
  const random = options.random ?? randomBytes
  const onFault = options.onFault ?? printFault
  const fault = (error: unknown): void => onFault(ApiError.from(error), null)
  const { store, expiry } = withEphemeral(options.store ?? memory(), model, { clock, onFault: fault })
  const opening = store.open(model, { clock, random, report })
  const auth = createAuth(options.auth, { model, store, clock, random, authenticate: options.authenticate ?? null })
  const gate = gateOf(auth, options.permissions?.length ? options.permissions : null)
  const prefix = (options.http?.prefix ?? '').replace(/\/+$/, '')
  const url = (target: string, params?: Readonly<Record<string, unknown>>): string =>
    urlOf(model, prefix, target, params)
  const limiter = limiterOf(model, clock, { rateLimit: options.rateLimit, budgets: options.budgets, random })
  const jobs = jobsOf({ ...options.jobs, model, store, clock, random, secured: auth !== null, onFault: fault })
  const files = filesOf(options.files, { model, store, clock, random, onFault: fault })
  const unlimited = createEngine({
    model,
    store,
    limits,
    mode: options.input ?? 'json',
    strict: options.strict ?? false,
    auth,
    gate,
    clock,
    random,
    ids: options.ids ?? null,
    cache: options.cache ?? 16 * 1_048_576,
    cursorKey: options.cursorKey ?? randomBytes(32),
    hooks: hooksOf(auth?.roles ? withTokens(options, auth.roles) : options),
    provided: options.provide,
    url,
    jobs,
    files,
    onFault,
    onRefusal: isDevelopment() ? printRefusal : undefined,
  })
  const engine = withTraces(withLimits(withDeprecation(withJobs(withExpiry(unlimited, expiry), jobs)), limiter))
  jobs?.attach({ engine: unlimited, store, provided: options.provide ?? {}, url, jobs })
  const live = new Live({
    store,
    limits,
    clock,
    gate,
    changedIn: auth && (commits => auth.changedIn(commits)),
    charge: settled(expiry, chargeOf(limiter)),
    onFault: fault,
  })
  const handled = createHandled({
    routes,
    store,
    engine,
    authenticating: auth !== null && auth.roles === null,
    scopes: auth?.scopes ?? null,
    roles: auth?.roles ?? null,
    database: handle => database(engine, handle, undefined),
    onFault: fault,
  })
  const { seed } = options
  const started = seed ? seedOnce(engine, store, opening, seed) : opening
  // Null once there is nothing to wait for, which a synchronous store without seeding never makes one do.
  let waiting = started instanceof Promise ? started : null
  const ready = Promise.resolve(started).then(() => {
    waiting = null
  })
  const hooks = followCommits(opening, {
    store,
    model,
    database: tx => database(engine, call => engine.within(tx, call), undefined),
    onFault: fault,
  })
  ready.catch(() => undefined) // whoever awaits `ready` hears of it; nobody else should be taken down
  ready.then(() => Promise.all([files?.start(), jobs?.start()])).catch(fault)
  const handle = (call: Call): Maybe<Outcome> => (waiting ? ready.then(() => engine.handle(call)) : engine.handle(call))
  const published = new PublishedFeed({ live, store, still: handled.still })
  const http = {
    exporters: options.exporters,
    ...options.http,
    pages: [...documentPages({ model, auth, routes, prefix, limits }, options), ...(options.http?.pages ?? [])],
    live,
    handled: routes.all.length > 0 ? handled : undefined,
    published,
    admission: admissionOf(options.http?.overload),
  }
  let answerFetch: ((request: Request) => Promise<Response>) | undefined
  return {
    ...operations<M>(engine, handle),
    model,
    engine,
    store,
    http,
    handled,
    faces: {
      ...(options.socketio !== undefined && { socketio: options.socketio }),
      ...(options.websocket !== undefined && { websocket: options.websocket }),
    },
    published,
    secured: auth !== null,
    ready: () => ready,
    live: liveOperation<M>(engine, live, () => ready),
    safe: safeOperations<M>(engine, handle),
    files: fileOperations<M>(engine, handle),
    transaction: work =>
      store.transaction((tx: Transaction) => work(operations<M>(engine, call => engine.within(tx, call)))),
    run: async (...asked) => runJob((await ready, jobs), ...asked),
    publish: async (uri, change) => {
      await ready
      return handled.publish(uri, change)
    },
    fetch: async request => {
      if (waiting) await ready
      return (answerFetch ??= fetch(engine, http))(request)
    },
    url,
    match: text => matchUrl(model, prefix, text),
    close: async () => {
      await ready.catch(() => undefined)
      await Promise.all([jobs?.close(), files?.close()])
      live.close()
      auth?.close()
      await hooks?.close()
      await store.close()
    },
  }
}
