import type { AnyResource } from './model/declare/declaration.ts'
import { pathPrefix } from './protocol/path-prefix.ts'
import type { DeclaredHandled } from './model/declare/handled.ts'
import type { Model } from './model/model.ts'
import type { CheckedRelations } from './model/declare/types.ts'
import { ApiError } from './protocol/error.ts'
import { defaultLimits, type Limits } from './protocol/limits.ts'
import type { Store } from './store/store.ts'
import type { Maybe } from './store/work.ts'
import type { Call, Outcome } from './engine/call/call.ts'
import type { OwnEngine } from './engine/create-engine.ts'
import { database } from './engine/call/database.ts'
import type { Engine } from './engine/engine.ts'
import {
  createHandledResources,
  type HandledResources,
  type OutsideChange,
} from './engine/actions/handled-resources.ts'
import { runJob, type RunJob } from './engine/jobs/jobs-of-model.ts'
import { matchUrl, type UrlMatch } from './engine/call/url.ts'
import { documentationOf, facesOf, socketsOf } from './api-dialects.ts'
import { servedPath } from './describe/options.ts'
import { documentPages, studioOf } from './api-documents.ts'
import { fileOperations, type FileOperations } from './api-files.ts'
import type { ApiOptions } from './api-options.ts'
import { assembleEngine, openOffline } from './assemble-engine.ts'
import { apiEnvironment } from './environment.ts'
import { stopIfInspected } from './inspect.ts'
import { linkDeclarations } from './link-declarations.ts'
import { followCommits } from './live/subscriptions/commit-hooks.ts'
import { Live } from './live/live.ts'
import type { LiveOptions } from './live/live-options.ts'
import { PublishedFeed } from './live/subscriptions/published.ts'
import { liveOperation, type LiveOperation } from './live-operation.ts'
import { operations, safeOperations, seedOnce, type Operations, type SafeOperations, type Seed } from './operations.ts'
import { startUp } from './start-up.ts'
import { admissionOf } from './transport/hosts/admission.ts'
import type { FaceOptions } from './transport/hosts/faces.ts'
import { fetch } from './transport/hosts/fetch.ts'
import type { HttpSetup } from './transport/http/options.ts'

/**
 * An API: declared resources over a store. The application calls it directly, and `serve` opens it to clients.
 *
 * The operations of `Operations` are its own methods: `await app.list('todo', { filter: { done: false } })`.
 */
// oxlint-disable-next-line typescript/no-explicit-any -- without a model, any name and any row will do
export interface Api<M = any> extends Operations<M> {
  readonly '~model'?: M
  readonly model: Model
  readonly engine: Engine
  readonly store: Store
  readonly http: HttpSetup
  /** Resources whose requests are answered by functions. */
  readonly handled: HandledResources
  /** Subscriptions to those, and to what `publish` tells. */
  readonly published: PublishedFeed
  /** Which doors are open beside HTTP. */
  readonly faces: FaceOptions
  /** Whether callers are told apart. If so, only resources that are `.public()` are open to anyone. */
  readonly secured: boolean
  /** Resolves when the store fits the model. Rejects with the reason if it cannot be made to fit. */
  ready(): Promise<void>
  /**
   * Follows a list or a row: yields what it is now, and then every change.
   *
   * @example
   * for await (const { rows, changes } of app.live('todo', { filter: { done: false } })) render(rows)
   */
  readonly live: LiveOperation<M>
  /** The same operations, but they return a status and a problem document instead of throwing. */
  readonly safe: SafeOperations<M>
  /** Reads and writes the files of rows. */
  readonly files: FileOperations<M>
  /**
   * Runs several operations, all or nothing. If the callback throws, everything is undone, and the error is thrown on.
   *
   * @example
   * await app.transaction(async tx => {
   *   const list = await tx.post('list', { title: 'Groceries' })
   *   await tx.post('todo', { text: 'Bread', list: list.id })
   * })
   */
  transaction<T>(work: (tx: Operations<M>) => Promise<T>): Promise<T>
  /**
   * Tells the subscribers of a URI, and the change log, about something that happened outside: `publish('/lamps/3', { patch: {
   * on: true } })`. On the URI of a list it is `{ create: lamp }`.
   *
   * Resolves to the position of the new log record.
   */
  publish(uri: string, change: OutsideChange): Promise<string>
  /** Begins an action that is a job. Without `me` it acts for the application, and no client sees it. */
  readonly run: RunJob
  /** Answers a request of the Fetch standard, without a socket: for tests, and for runtimes that are built on it. */
  fetch(request: Request): Promise<Response>
  /**
   * The path of a resource, a row or an action: `url('hello@login')`, `url('todo', { id: 7, depth: 2 })`.
   *
   * @throws {Error} if there is no such resource or action.
   */
  url(target: string, params?: Readonly<Record<string, unknown>>): string
  /** Finds what a path or URL of this API points to. null = nothing. */
  match(url: string): UrlMatch | null
  /** Ends jobs, subscriptions and the store. Resolves when the store has written everything. */
  backup(file: string): Promise<void>
  close(): Promise<void>
}

/**
 * Makes an API of declared resources.
 *
 * @example
 * const app = api({ todo, list }, { store: sqlite('todo.db'), auth: { secret } })
 * await serve(app)
 *
 * @throws {ModelError} with every fault of the declarations, each with its place. An error of a store that opens synchronously
 * is thrown as well.
 */
export function api<const M extends Readonly<Record<string, AnyResource | DeclaredHandled>>>(
  resources: CheckedRelations<M> & M,
  // `NoInfer`: M is inferred from the resources alone, and types the operations that `seed` gets.
  options: ApiOptions<NoInfer<M>> = {},
): Api<M> {
  const limits: Limits = { ...defaultLimits, ...options.limits }
  const environment = apiEnvironment(options)
  const { report, onBackgroundFault } = environment
  const prefix = pathPrefix(options.http?.prefix)
  const { model, routes } = linkDeclarations(resources, limits, { ...options, prefix })
  for (const line of model.warnings) report(line)
  const declared = { model, limits, prefix, environment }
  stopIfInspected(model, options.store, {
    make: () => api(resources, withoutState(options) as typeof options),
    open: (store, isCopy) => {
      const { files, ...others } = options as ApiOptions
      return openOffline(declared, { ...others, store, ...(!isCopy && files && { files }) })
    },
  })
  const assembled = assembleEngine(declared, options)
  const { store, opening, nodes, expiry, engine, jobs, files, url } = assembled
  const { clock, leases } = nodes
  const background = { clock, onFault: onBackgroundFault }
  const { auth } = engine
  const { seed } = options
  const { ready, awaited, whenReady } = startUp(
    seed ? seedOnce(engine, { store, leases, opening }, seed as unknown as Seed) : opening,
    { report, onFault: onBackgroundFault },
  )
  const commitHooks = followCommits(opening, {
    store,
    leases,
    model,
    database: tx => database(engine, call => engine.within(tx, call), undefined),
    onFault: onBackgroundFault,
  })
  const inBackground = (): Promise<unknown> => Promise.all([files?.start(), jobs?.start()]).catch(onBackgroundFault)
  void ready.then(inBackground, () => undefined)
  const live = liveOf(engine, store, background)
  const handled = createHandledResources({
    routes,
    store,
    leases,
    engine,
    authenticating: auth !== null && auth.authority === null,
    scopes: auth?.scopes ?? null,
    authority: auth?.authority ?? null,
    database: handle => database(engine, handle, undefined),
    onFault: onBackgroundFault,
  })
  const published = new PublishedFeed({ live, store, handled })
  const admission = admissionOf(options.http?.overload)
  const hasMetrics = options.http?.metrics !== undefined
  const shown = studioOf(options, prefix, { model, store, engine, auth, live, admission, hasMetrics })
  const studio = shown?.path ?? null
  const documented = { model, auth, routes, prefix, limits, sockets: socketsOf(options), studio }
  const http: HttpSetup = {
    ...(options.exporters && { exporters: options.exporters }),
    ...options.http,
    pages: [
      ...documentPages(documented, options, documentationOf(model, options, prefix)),
      ...(shown?.pages ?? []),
      ...(options.http?.pages ?? []),
    ],
    batch: servedPath(options.paths ?? {}, 'batch'),
    live,
    handled: routes.all.length > 0 ? handled : undefined,
    published,
    admission,
    ...(shown && { studio: shown.services }),
  }
  const handle = (call: Call): Maybe<Outcome> =>
    whenReady(() => {
      if (call.min === undefined) return engine.handle(call)
      return live.awaitPosition(call.min, { parameter: 'min' }).then(
        () => engine.handle(call),
        (thrown: unknown): Outcome => ({ kind: 'failure', error: ApiError.from(thrown) }),
      )
    })
  let answerFetch: ((request: Request) => Promise<Response>) | undefined
  return {
    ...operations<M>(engine, handle),
    model,
    engine,
    store,
    http,
    handled,
    faces: facesOf(options),
    published,
    secured: auth !== null,
    ready: awaited,
    live: liveOperation<M>(engine, live, awaited),
    safe: safeOperations<M>(engine, handle),
    files: fileOperations<M>(engine, handle),
    transaction: async work =>
      whenReady(() => store.transaction(tx => work(operations<M>(engine, call => engine.within(tx, call))))),
    run: async (...asked) => runJob((await awaited(), jobs), ...asked),
    publish: async (uri, change) => handled.publish((await awaited(), uri), change),
    fetch: async request => whenReady(() => (answerFetch ??= fetch(engine, http))(request)),
    url,
    match: text => matchUrl(model, prefix, text),
    backup: async file => {
      await awaited()
      if (!store.backup) throw new Error(`the store ${store.name} is not copied to a file`)
      await store.backup(file)
    },
    close: async () => {
      await ready.catch(() => undefined)
      await Promise.all([jobs?.close(), files?.close()])
      live.close()
      auth?.close()
      expiry?.close()
      await commitHooks?.close()
      await nodes.close()
      await store.close()
    },
  }
}

/** Options of the same API with nothing in it. */
function withoutState({ store: _store, files: _files, seed: _seed, ...options }: ApiOptions): ApiOptions {
  return { ...options, report: () => {} }
}

function liveOf(engine: OwnEngine, store: Store, { clock, onFault }: Pick<LiveOptions, 'clock' | 'onFault'>): Live {
  const { limits, callerChecks, enter, auth } = engine
  const changedIn: LiveOptions['changedIn'] = auth && (commits => auth.changedIn(commits))
  return new Live({ store, limits, clock, callerChecks, enter, changedIn, onFault })
}
