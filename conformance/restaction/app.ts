import { api, type Api } from '../../src/api.ts'
import { tokenAuth } from '../../src/dialects/restaction/token-auth.ts'
import type { After, Before, OnError } from '../../src/engine/actions/request-hooks.ts'
import { reply, type Reply } from '../../src/engine/call/reply.ts'
import { act, actions, type Standalone } from '../../src/model/declare/action.ts'
import { readActionName } from '../../src/model/link/action-name.ts'
import { ApiError } from '../../src/protocol/error.ts'
import { defineValidator, invalid } from '../../src/dialects/restaction/text/validators/define-validator.ts'
import { compileText } from '../../src/dialects/restaction/text/text.ts'
import type { Store } from '../../src/store/store.ts'
import { knownWords } from '../each.ts'
import { Unknown } from '../result.ts'
import { handlerOf } from './handlers.ts'
import { secretOf } from './tokens.ts'
import { words, type AppVector } from './vector.ts'

/** Where meta data are if a resource shows them. */
const hiddenDocs = '/documents-of-the-runner'

/** Declares and opens the application; throws ModelError where it cannot be declared. */
export function openApp(app: AppVector, store: Store, clock: () => number): Api {
  knownWords('application with', app, words.app)
  knownWords('config with', app.config ?? {}, words.config)
  knownWords('auth with', app.auth ?? {}, words.auth)
  knownWords('blueprint with', app.blueprint ?? {}, words.blueprint)
  for (const one of app.resources ?? []) {
    knownWords('resource with', one, words.resource)
    for (const own of Object.values(one.actions)) knownWords('action with', own, words.action)
  }
  // Attributes that name no method are no actions.
  const resources = (app.resources ?? []).map(({ name, doc = null, actions: own }, i): [string, Standalone<{}>] => {
    const named = Object.entries(own).filter(([key]) => readActionName(key) !== null)
    const map = Object.fromEntries(
      named.map(([key, { doc: text = null, handler }]) => [key, act(text, handlerOf(handler))]),
    )
    return [`r${i}`, actions(name, doc, map)]
  })
  const prefix = prefixOf(app)
  const opened: { app?: Api } = {}
  if (app.docs_resource) {
    // The documents, guarded as a resource is: what they are asked for is passed on.
    const get = act('$input:\n    json?str&optional: x\n    f?str&optional: x\n', ({ input }) => {
      const { json, f } = input as { json: string; f: string }
      const query = f === '' && json === '' ? '?json' : `?f=${encodeURIComponent(f)}`
      return opened.app!.fetch(new Request(`http://runner${prefix}${hiddenDocs}${query}`))
    })
    resources.push(['docs', actions('Docs', null, { get })])
  }
  opened.app = api(Object.fromEntries(resources), {
    store,
    clock,
    ...(app.docs === undefined ? {} : { docs: app.docs }),
    ...(app.auth && { auth: tokensOf(app, app.auth, clock) }),
    http: { prefix, log: () => {} },
    paths: { docs: app.docs_resource ? hiddenDocs : (app.meta_route ?? '/docs') },
    ...(app.meta && { meta: app.meta }),
    validators: Object.fromEntries((app.validators ?? []).map(name => [name, validatorOf(name)])),
    exporters: Object.fromEntries((app.exporters ?? []).map(type => [type, (value: unknown) => pythonText(value)])),
    before: (app.before_request ?? []).map(beforeOf),
    after: (app.after_request ?? []).map(afterOf),
    ...(app.error_handler && { error: onErrorOf(app.error_handler) }),
    report: () => {},
    onFault: () => {},
  })
  return opened.app
}

/** Where clients find the API; the host of the original could put it elsewhere, behind a proxy. */
export function prefixOf({ blueprint, config }: AppVector): string {
  return blueprint?.url_prefix ?? config?.API_URL_PREFIX ?? ''
}

function tokensOf(
  app: AppVector,
  auth: NonNullable<AppVector['auth']>,
  clock: () => number,
): ReturnType<typeof tokenAuth> {
  const secret = app.config?.SECRET_KEY
  return tokenAuth({
    meta: (app.meta ?? {}) as never,
    clock,
    getRole: token => {
      if (!token) return auth.guest
      if (!Object.hasOwn(token, auth.role_field)) throw new Error(`KeyError: ${auth.role_field}`)
      return String(token[auth.role_field])
    },
    ...(secret === undefined ? {} : { secret: secretOf(secret) }),
  })
}

function beforeOf(hook: NonNullable<AppVector['before_request']>[number]): Before {
  knownWords('before_request', hook, new Set(['returns']))
  return () => hook.returns
}

function afterOf(hook: NonNullable<AppVector['after_request']>[number]): After {
  knownWords('after_request', hook, new Set(['suffix', 'header']))
  const { suffix, header } = hook
  return ({ value, status, headers }: Reply) =>
    reply(suffix === undefined ? value : `${pythonText(value)}${suffix}`, {
      status,
      headers: header ? { ...headers, [header[0]]: header[1] } : headers,
    })
}

/** The classes of the original's framework, of which its handler tells the name. */
const raised: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  406: 'NotAcceptable',
  408: 'RequestTimeout',
  409: 'Conflict',
  410: 'Gone',
  411: 'LengthRequired',
  412: 'PreconditionFailed',
  413: 'RequestEntityTooLarge',
  414: 'RequestURITooLarge',
  415: 'UnsupportedMediaType',
  416: 'RequestedRangeNotSatisfiable',
  417: 'ExpectationFailed',
  418: 'ImATeapot',
  422: 'UnprocessableEntity',
  423: 'Locked',
  424: 'FailedDependency',
  428: 'PreconditionRequired',
  429: 'TooManyRequests',
  431: 'RequestHeaderFieldsTooLarge',
  451: 'UnavailableForLegalReasons',
  500: 'InternalServerError',
  501: 'NotImplemented',
  502: 'BadGateway',
  503: 'ServiceUnavailable',
  504: 'GatewayTimeout',
  505: 'HTTPVersionNotSupported',
}

function onErrorOf(hook: NonNullable<AppVector['error_handler']>): OnError {
  knownWords('error_handler', hook, new Set(['prefix', 'none']))
  const { prefix } = hook
  return error => {
    if (prefix === undefined) return null
    if (error instanceof ApiError) return `${prefix}${raised[error.status] ?? error.code}`
    return `${prefix}${(error as Error).message}`
  }
}

const integer = compileText('int')

/** The validator that the format describes: what `int` makes of a value, if that is even. */
function validatorOf(name: string): ReturnType<typeof defineValidator> {
  if (name !== 'even') throw new Unknown(`validator ${name}`)
  return defineValidator({}, value => {
    const read = integer(value)
    if (!read.ok) return invalid('invalid int')
    return read.value % 2 === 0 ? read.value : invalid('not even number')
  })
}

/** Python's `str(data)`. */
function pythonText(value: unknown, nested = false): string {
  if (value === null || value === undefined) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (typeof value === 'string') return nested ? `'${value}'` : value
  if (Array.isArray(value)) return `[${value.map(one => pythonText(one, true)).join(', ')}]`
  if (typeof value !== 'object') return String(value)
  const members = Object.entries(value).map(([name, member]) => `'${name}': ${pythonText(member, true)}`)
  return `{${members.join(', ')}}`
}
