import type { Engine } from '../../engine/engine.ts'
import { pathPrefix } from '../../protocol/path-prefix.ts'
import type { Outcome, Principal } from '../../engine/call/call.ts'
import { ApiError } from '../../protocol/error.ts'
import { isGet } from '../../protocol/method.ts'
import { run } from '../../store/work.ts'
import { decodeAction } from './action.ts'
import { addressFinder } from './request/client-address.ts'
import { admissionOf } from '../hosts/admission.ts'
import { batchService } from './services/batch.ts'
import { changesService } from './services/changes.ts'
import { corsOf } from './response/cors.ts'
import { decodeCall, operationOf, wrongMethod } from './request/decode.ts'
import { sendOutcome, sendThrown } from './response/encode.ts'
import { Aborted, type Answerer, type Exchange } from './exchange.ts'
import type { Face } from './face.ts'
import { finishResponse } from './response/send.ts'
import { handledEndpoint } from './handled.ts'
import { healthServices } from './services/health.ts'
import { HttpCall } from './http-call.ts'
import { isJobs } from '../../engine/jobs/job-resource.ts'
import { sendJob } from './services/job-status.ts'
import { showIds } from './hypermedia/document.ts'
import { readHypermedia } from './hypermedia/input.ts'
import { loginServices } from './services/login.ts'
import { wantsStream } from '../sse/accept.ts'
import { sendStream } from '../sse/face.ts'
import { ACCEPT_PATCH, ACCEPT_POST, ACCEPT_QUERY } from './request/body.ts'
import { Metrics } from './services/metrics.ts'
import { metricsService } from './services/metrics-service.ts'
import { negotiatorOf } from './response/negotiate.ts'
import { observerOf, printRequest, routeOf } from './services/access-log.ts'
import { printLog, type HttpSetup } from './options.ts'
import { sendPage, standardPages } from './response/pages.ts'
import { routesOf } from './routes.ts'
import type {
  ActionEndpoint,
  CollectionEndpoint,
  Endpoint,
  ItemEndpoint,
  PartEndpoint,
  StaticFiles,
} from './endpoint.ts'
import { positionReached } from './min-position.ts'
import { sendShed } from './services/overload.ts'
import { wantsPage } from './services/static-files.ts'

/**
 * The HTTP face of an engine, for any host: bytes → Call → engine → Outcome → bytes. Nothing that is thrown leaves it, so no
 * request can end the process.
 */
export function httpHandler(engine: Engine, options: HttpSetup = {}): Answerer {
  const cors = corsOf(options.cors)
  const compress = options.compress === false ? null : (options.compress ?? COMPRESSED)
  const prefix = pathPrefix(options.prefix)
  const admission = options.admission === undefined ? admissionOf(options.overload) : options.admission
  const metrics = options.metrics ? new Metrics(admission, options.live ?? null) : null
  const observe = observerOf(metrics, options.requests === true ? printRequest : (options.requests ?? null))
  const addressOf = engine.limiter ? addressFinder(options.trustedProxies) : null
  const { batch = '/batch' } = options
  const face: Face = {
    engine,
    routes: routesOf(
      engine.model,
      prefix,
      [...standardPages(engine.model, prefix), ...(options.pages ?? [])],
      [
        ...healthServices(options.health ?? null),
        ...(metrics ? [metricsService(metrics, options.metrics!)] : []),
        ...(engine.auth ? loginServices(engine.auth, addressFinder(options.trustedProxies)) : []),
        ...(batch === null ? [] : [batchService(engine, { path: batch, prefix, addressOf })]),
        ...(options.live && options.changes
          ? [changesService(options.live, `${prefix}/changes`, options.changes)]
          : []),
        ...(options.studio ?? []),
      ],
    ),
    services: options.services ?? null,
    handled: options.handled ? path => handledEndpoint(options.handled!, prefix, path) : null,
    files: options.files ?? null,
    cors,
    vary: compress === null ? cors.vary : `${cors.vary}, Accept-Encoding`,
    compress,
    formats: negotiatorOf(options.exporters),
    live: options.live ?? null,
    published: options.published ?? null,
    timing: options.timing ?? false,
    admission,
    health: options.health ?? null,
    observe,
    log: options.log ?? printLog,
  }
  return exchange => {
    if (face.timing || observe) exchange.started = performance.now()
    const call = new HttpCall(exchange, engine.mode)
    if (addressOf) call.address = addressOf(exchange)
    try {
      const waiting = begin(face, call)
      if (waiting instanceof Promise) {
        return waiting.then(
          () => leave(face, call),
          (thrown: unknown) => refuse(face, call, thrown),
        )
      }
      return leave(face, call)
    } catch (thrown) {
      return refuse(face, call, thrown)
    }
  }
}

/** Below this size, in bytes, the header fields of a coding cost as much as it saves. */
const COMPRESSED = 2_048

function leave({ admission }: Face, call: HttpCall): void {
  if (call.admitted) admission!.leave()
}

function refuse(face: Face, call: HttpCall, thrown: unknown): void {
  leave(face, call)
  if (thrown instanceof Aborted) return
  chargeRefused(face.engine, call)
  sendThrown(face, call, isMisread(call, thrown) ? face.engine.refusal(call, thrown) : thrown)
}

/**
 * Whether a request for a resource failed because part of it could not be read. A body that is too large is not meant:
 * it was not read at all.
 */
function isMisread({ resource }: HttpCall, thrown: unknown): boolean {
  if (!(resource as HttpCall['resource'] | undefined) || !(thrown instanceof ApiError)) return false
  const { code, status } = thrown
  return status !== 401 && status !== 403 && code !== 'payload_too_large'
}

/** Charges the rate limit for requests that could not be understood. Otherwise trying would be free. */
function chargeRefused({ limiter }: Engine, call: HttpCall): void {
  const { endpoint, principal, address } = call
  if (!limiter || endpoint === null || !('resource' in endpoint) || !limiter.concerns(endpoint.resource)) return
  try {
    const charging = run(limiter.charge({ resource: endpoint.resource, operation: 'refused', principal, address }))
    if (charging instanceof Promise) charging.catch(() => {})
  } catch {
    // The request is already being refused.
  }
}

/** Checks limits, then the URI, then the caller. Whatever needs no credentials is answered before they are read. */
function begin(face: Face, call: HttpCall): void | Promise<void> {
  const { exchange } = call
  const { limits } = face.engine
  if (exchange.target.length > limits.url) throw new ApiError('uri_too_long')
  if (exchange.raw.length > 2 * limits.headers) throw new ApiError('headers_too_large')
  if (exchange.fault !== undefined) throw new ApiError('bad_request', { issues: [exchange.fault] })
  const path = exchange.path
  if (path === '*') return sendOptions(face, exchange, null)
  const endpoint = face.services?.(path, exchange) ?? face.routes.match(path, call) ?? face.handled?.(path) ?? null
  call.endpoint = endpoint
  if (face.observe) exchange.route = routeOf(endpoint)
  if (endpoint !== null && exchange.method === 'OPTIONS' && !answersOptions(endpoint, exchange)) {
    return sendOptions(face, exchange, endpoint)
  }
  if (face.files !== null && isBeside(face, exchange, endpoint)) return sendBeside(face, face.files, exchange, endpoint)
  if (endpoint?.kind === 'page') {
    if (!endpoint.methods.has(exchange.method)) throw wrongMethod(endpoint, exchange.method)
    return sendPage(face, exchange, endpoint.page)
  }
  if (endpoint?.kind === 'service' && !endpoint.methods.has(exchange.method))
    throw wrongMethod(endpoint, exchange.method)
  const service = endpoint?.kind === 'service' ? endpoint.service : null
  if (face.admission !== null && (service === null || service.isShed === true)) {
    if (!face.admission.enter(exchange.arrived)) return sendShed(face, exchange)
    call.admitted = true
  }
  if (service) return service.serve(face, exchange)
  const principal = face.engine.authenticate?.(exchange) ?? null
  return principal instanceof Promise ? principal.then(who => proceed(face, call, who)) : proceed(face, call, principal)
}

/** Whether the folder beside the API is asked: what is not of the API, and `/` if a browser opens it. */
function isBeside(face: Face, exchange: Exchange, endpoint: Endpoint | null): boolean {
  if (!isGet(exchange.method)) return false
  if (endpoint === null) return !face.routes.isWithin(exchange.path)
  return endpoint.kind === 'page' && exchange.path === '/' && wantsPage(exchange)
}

async function sendBeside(
  face: Face,
  files: StaticFiles,
  exchange: Exchange,
  endpoint: Endpoint | null,
): Promise<void> {
  if (await files(face, exchange)) return
  if (endpoint?.kind === 'page') return sendPage(face, exchange, endpoint.page)
  throw new ApiError('not_found')
}

function proceed(face: Face, call: HttpCall, principal: Principal | null): void | Promise<void> {
  const { endpoint } = call
  call.principal = principal
  if (face.observe && principal) call.exchange.caller = principal.id
  if (endpoint === null || endpoint.kind === 'page' || endpoint.kind === 'service') throw new ApiError('not_found')
  const { method } = call.exchange
  if (!endpoint.methods.has(method)) throw wrongMethod(endpoint, method)
  const waiting = call.exchange.minPosition === undefined ? null : positionReached(face, call.exchange)
  return waiting ? waiting.then(() => answerCall(face, call, endpoint)) : answerCall(face, call, endpoint)
}

function answerCall(
  face: Face,
  call: HttpCall,
  endpoint: CollectionEndpoint | ItemEndpoint | ActionEndpoint | PartEndpoint,
): void | Promise<void> {
  if (endpoint.kind === 'action') {
    decodeAction(face, call, endpoint)
    return conclude(face, call)
  }
  if (endpoint.kind === 'part') {
    call.resource = endpoint.resource
    return endpoint.part.serve(face, call)
  }
  const { accept, method } = call.exchange
  call.resource = endpoint.resource
  call.operation = operationOf(method, endpoint)
  if (accept !== undefined && face.live !== null && wantsStream(accept) && isGet(method))
    return sendStream(face, face.live, call, endpoint)
  if (call.operation === 'get' && isJobs(endpoint.resource)) return sendJob(face, call)
  // A deletion returns no representation by default.
  if (accept !== undefined && method !== 'DELETE') call.format = face.formats.choose(accept)
  const decoding = decodeCall(face.engine, call, endpoint)
  if (call.format.document) showIds(call)
  if (!(decoding instanceof Promise)) return conclude(face, call)
  return decoding.then(() => {
    // Links to rows can only be in relations; documents of another shape have a media type of their own.
    if (call.resource.relations.length > 0 || call.exchange.contentType !== 'application/json')
      readHypermedia(face, call)
    return conclude(face, call)
  })
}

function conclude(face: Face, call: HttpCall): void | Promise<void> {
  const outcome = face.engine.handle(call)
  if (!(outcome instanceof Promise)) return sendOutcome(face, call, outcome)
  return outcome.then((settled: Outcome) => sendOutcome(face, call, settled))
}

/** Whether an action handles OPTIONS itself. Preflight requests of browsers are always ours. */
function answersOptions(endpoint: Endpoint, exchange: Exchange): boolean {
  return (
    endpoint.kind === 'action' &&
    endpoint.actions.has('OPTIONS') &&
    exchange.header('access-control-request-method') === undefined
  )
}

/** Answers OPTIONS, whether it is a browser's preflight (Fetch §4.8) or not. No credentials are needed. */
function sendOptions(face: Face, exchange: Exchange, endpoint: Endpoint | null): void {
  const allow = endpoint?.allow ?? 'GET, HEAD, OPTIONS, QUERY, POST, PUT, PATCH, DELETE'
  if (exchange.origin !== undefined && exchange.header('access-control-request-method') !== undefined) {
    return exchange.send(204, face.cors.preflight(exchange.origin, allow), null)
  }
  const fields = ['allow', allow]
  const methods = endpoint?.methods
  if (methods?.has('POST')) fields.push('accept-post', ACCEPT_POST)
  if (methods?.has('PATCH')) fields.push('accept-patch', ACCEPT_PATCH)
  if (methods?.has('QUERY')) fields.push('accept-query', ACCEPT_QUERY)
  finishResponse(face, exchange, 204, fields, null)
}
