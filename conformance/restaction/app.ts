import { createHash } from 'node:crypto'
import { api, type Api } from '../../src/api.ts'
import { tokenAuth } from '../../src/dialects/restaction/token-auth.ts'
import { metaData } from '../../src/dialects/restaction/meta.ts'
import type { After, Before, OnError } from '../../src/engine/hooks.ts'
import { reply, abort, type Reply } from '../../src/engine/reply.ts'
import { act, actions, type ActionCall, type DeclaredAction, type Standalone } from '../../src/model/action.ts'
import { readActionName } from '../../src/model/action-name.ts'
import { ApiError } from '../../src/protocol/error.ts'
import { defineValidator, invalid } from '../../src/dialects/restaction/text/define-validator.ts'
import type { Store } from '../../src/store/store.ts'

/** An application as the recorder describes it. */
export interface AppVector {
  readonly resources: readonly {
    readonly name: string
    readonly doc: string | null
    readonly actions: Readonly<Record<string, { readonly doc: string | null; readonly handler: HandlerVector }>>
  }[]
  readonly docs?: string
  readonly meta?: Readonly<Record<string, any>> // oxlint-disable-line typescript/no-explicit-any -- read as restaction's meta file is
  readonly config?: { readonly SECRET_KEY?: string; readonly API_URL_PREFIX?: string }
  /** Where meta data and documentation are; as a resource of its own, which roles guard, at `/docs`. */
  readonly meta_route?: string
  readonly docs_resource?: boolean
  readonly validators?: readonly string[]
  readonly exporters?: readonly string[]
  readonly auth?: { readonly role_field: string; readonly guest: string }
  readonly blueprint?: { readonly url_prefix: string }
  readonly before_request?: readonly { readonly returns?: unknown }[]
  readonly after_request?: readonly { readonly suffix?: string; readonly header?: readonly [string, string] }[]
  readonly error_handler?: { readonly prefix?: string; readonly none?: true }
}

type HandlerVector = Readonly<Record<string, any>> // oxlint-disable-line typescript/no-explicit-any -- each kind has a shape of its own

/** Declares and opens the application; throws ModelError where it cannot be declared. */
export function openApp(app: AppVector, store: Store, clock: () => number): Api {
  // Attributes that name no method are no actions.
  const resources = app.resources.map(({ name, doc, actions: own }, i): [string, Standalone<{}>] => {
    const named = Object.entries(own).filter(([key]) => readActionName(key) !== null)
    const map = Object.fromEntries(named.map(([key, { doc: text, handler }]) => [key, actionOf(text, handler)]))
    return [`r${i}`, actions(name, doc, map)]
  })
  const prefix = prefixOf(app)
  const opened: { app?: Api } = {}
  if (app.docs_resource) {
    const get = act(null, () => metaData(opened.app!.model, () => app.meta ?? {}, prefix))
    resources.push(['docs', actions('Docs', null, { get })])
  }
  opened.app = api(Object.fromEntries(resources), {
    store,
    clock,
    ...(app.docs === undefined ? {} : { docs: app.docs }),
    ...(app.auth && { auth: tokensOf(app, app.auth, clock) }),
    http: { prefix, log: () => {} },
    paths: { docs: app.docs_resource ? null : (app.meta_route ?? '/docs') },
    ...(app.meta && { meta: app.meta }),
    validators: Object.fromEntries((app.validators ?? []).map(name => [name, validatorOf(name)])),
    exporters: Object.fromEntries((app.exporters ?? []).map(type => [type, pythonText])),
    before: (app.before_request ?? []).map(
      ({ returns }): Before =>
        () =>
          returns,
    ),
    after: (app.after_request ?? []).map(afterOf),
    ...(app.error_handler && { error: onErrorOf(app.error_handler) }),
    report: () => {},
    onFault: () => {},
  }) as unknown as Api
  return opened.app
}

/** Where clients find the API; the host of the original could put it elsewhere, behind a proxy. */
export function prefixOf({ blueprint, config }: AppVector): string {
  return blueprint?.url_prefix ?? config?.API_URL_PREFIX ?? ''
}

/** Secrets of the recorder are shorter than any that is accepted, so both sides use their SHA-256. */
function secretOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function tokensOf(
  app: AppVector,
  auth: NonNullable<AppVector['auth']>,
  clock: () => number,
): ReturnType<typeof tokenAuth> {
  const secret = app.config?.SECRET_KEY
  return tokenAuth({
    meta: app.meta ?? {},
    clock,
    getRole: token => (token ? String(token[auth.role_field]) : auth.guest),
    ...(secret === undefined ? {} : { secret: secretOf(secret) }),
  })
}

function actionOf(doc: string | null, handler: HandlerVector): DeclaredAction {
  const [kind = ''] = Object.keys(handler)
  const run = kinds[kind]
  if (!run) throw new Error(`no handler of the kind ${kind} is known`)
  return act(doc, call => run(handler[kind], call, handler))
}

type Kind = (argument: any, call: ActionCall, handler: HandlerVector) => unknown // oxlint-disable-line typescript/no-explicit-any -- see HandlerVector

const kinds: Readonly<Record<string, Kind>> = {
  echo: (_, { input }) => input as unknown,
  echoArg: (_, { input }) =>
    typeof input === 'object' && input !== null && !Array.isArray(input)
      ? { args: [], kwargs: input as unknown }
      : { args: [input as unknown], kwargs: {} },
  object: (attributes: Readonly<Record<string, unknown>>, { input }) => new Attributes(attributes, input),
  returns: value => value as unknown,
  tuple: (parts: readonly unknown[]) => tupleOf(parts),
  response: responseOf,
  responseTuple: ([response, status, headers]) => reply(responseOf(response), { status, headers }),
  redirect: (location: string) =>
    new Response(redirectPage(location), {
      status: 302,
      headers: { location, 'content-type': 'text/html; charset=utf-8' },
    }),
  abort: ([status, error, message]) => abort(status, error, message),
  abortResponse: ([status, body]) => abort(status, Response.json(body)),
  raise: (text: string) => {
    throw new Error(text)
  },
  login: (_, { input, ctx }, { returnToken, tupleHeaders }) => {
    const { name } = input as { name: string }
    ctx.token = { role: name === 'admin' ? 'admin' : 'normal', name }
    if (tupleHeaders) return reply('OK', { headers: Object.fromEntries(tupleHeaders as [string, string][]) })
    return returnToken ? ctx.token : 'OK'
  },
  tokenField: (field: string, { ctx }) => ({ [field]: (ctx.token as Readonly<Record<string, unknown>>)[field] }),
  setToken: (token: unknown, { ctx }) => {
    ctx.token = token
    return 'OK'
  },
  returnToken: (_, { ctx }) => ctx.token,
  mutateToken: ([name, value]: [string, unknown], { ctx }) => {
    ;(ctx.token as Record<string, unknown>)[name] = value
    return 'OK'
  },
  setTokenThenAbort: ([token, status, error, message], { ctx }) => {
    ctx.token = token as unknown
    abort(status, error, message)
  },
}

/** An object of a class: what it holds are attributes, which only an output schema may show. */
// oxlint-disable-next-line typescript/no-extraneous-class -- that it is an object of a class is the point
class Attributes {
  constructor(attributes: Readonly<Record<string, unknown>>, input: unknown) {
    const filled = (text: string): string =>
      text.replaceAll(/\{(\w+)\}/g, (_, name: string) => String((input as Readonly<Record<string, unknown>>)[name]))
    for (const [name, value] of Object.entries(attributes))
      Object.defineProperty(this, name, { value: typeof value === 'string' ? filled(value) : value, enumerable: true })
  }
}

/** In Python value, status and headers are a tuple, in either order; more than three are none. */
function tupleOf(parts: readonly unknown[]): unknown {
  if (parts.length > 3) return parts
  const status = parts.slice(1).find(part => typeof part === 'number')
  const given = parts.slice(1).find(part => typeof part === 'object' && part !== null)
  const lines = (Array.isArray(given) ? given : Object.entries(given ?? {})) as [string, string][]
  const headers: Record<string, string[]> = {}
  for (const [name, value] of lines) (headers[name] ??= []).push(value)
  return reply(parts[0], { headers, ...(status === undefined ? {} : { status }) })
}

interface ResponseVector {
  readonly body: string
  readonly status?: number
  readonly mimetype: string
  readonly headers?: Readonly<Record<string, string>>
}

function responseOf({ body, status = 200, mimetype, headers }: ResponseVector): Response {
  return new Response(body, { status, headers: { ...headers, 'content-type': `${mimetype}; charset=utf-8` } })
}

const redirectPage = (to: string): string =>
  '<!doctype html>\n<html lang=en>\n<title>Redirecting...</title>\n<h1>Redirecting...</h1>\n' +
  `<p>You should be redirected automatically to the target URL: <a href="${to}">${to}</a>. If not, click the link.\n`

function afterOf({ suffix, header }: NonNullable<AppVector['after_request']>[number]): After {
  return (answer: Reply) => {
    const { value, status, headers } = answer
    if (suffix !== undefined) return reply(`${String(value)}${suffix}`, { status, headers })
    return reply(value, { status, headers: header ? { ...headers, [header[0]]: header[1] } : headers })
  }
}

/** The classes of the original's framework, of which its handler tells the name. */
const raised: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
}

function onErrorOf({ prefix }: NonNullable<AppVector['error_handler']>): OnError {
  return error => {
    if (prefix === undefined) return null
    if (error instanceof ApiError) return `${prefix}${raised[error.status] ?? error.code}`
    return `${prefix}${(error as Error).message}`
  }
}

function validatorOf(name: string): ReturnType<typeof defineValidator> {
  if (name !== 'even') throw new Error(`no validator ${name} is known`)
  return defineValidator({}, value => {
    const number = Number(value)
    if (!Number.isInteger(number)) return invalid('invalid int')
    return number % 2 === 0 ? number : invalid('not even number')
  })
}

/** Python's `str(data)` of flat dicts. */
function pythonText(value: unknown): string {
  const text = (one: unknown): string => (typeof one === 'string' ? `'${one}'` : String(one))
  const members = Object.entries(value as object).map(([name, member]) => `${text(name)}: ${text(member)}`)
  return `{${members.join(', ')}}`
}
