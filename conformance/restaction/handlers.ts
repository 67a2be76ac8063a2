import { abort, reply } from '../../src/engine/call/reply.ts'
import type { ActionCall } from '../../src/model/declare/action.ts'
import { knownWords } from '../each.ts'
import { isObject } from '../object.ts'
import { Unknown } from '../result.ts'
import { words, type HandlerVector } from './vector.ts'

type Kind = (argument: any, call: ActionCall, handler: HandlerVector) => unknown

/** The function of an action as the recorder describes it. */
export function handlerOf(handler: HandlerVector): (call: ActionCall) => unknown {
  const kind = Object.keys(handler).find(word => Object.hasOwn(kinds, word))
  if (kind === undefined) throw new Unknown(`handler ${Object.keys(handler).join(', ')}`)
  knownWords(`handler ${kind} with`, handler, new Set([kind, ...(further[kind] ?? [])]))
  const response = handler['response'] ?? (handler['responseTuple'] as readonly unknown[] | undefined)?.[0]
  knownWords('response with', isObject(response) ? response : {}, words.response)
  return call => kinds[kind]!(handler[kind], call, handler)
}

/** Words beside the kind of a handler. */
const further: Readonly<Record<string, readonly string[]>> = {
  login: ['returnToken', 'tupleHeaders'],
  needs: ['returns'],
}

const kinds: Readonly<Record<string, Kind>> = {
  echo: (_, { input }) => (isObject(input) ? input : (input ?? {})) as unknown,
  echoArg: (_, { input }) =>
    input === undefined
      ? { args: [], kwargs: {} }
      : isObject(input)
        ? { args: [], kwargs: input }
        : { args: [input as unknown], kwargs: {} },
  object: (attributes: Readonly<Record<string, unknown>>, { input }) => new Attributes(attributes, input),
  returns: value => value as unknown,
  tuple: (parts: readonly unknown[]) => tupleOf(parts),
  response: responseOf,
  responseTuple: ([response, ...rest]: readonly unknown[]) => {
    const { status, headers } = statusAndHeaders(rest)
    return reply(responseOf(response as ResponseVector), { headers, ...(status !== undefined && { status }) })
  },
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
    if (tupleHeaders) return tupleOf(['OK', 200, tupleHeaders])
    return returnToken ? ctx.token : 'OK'
  },
  tokenField: (field: string, { ctx }) => ({ [field]: (ctx.token as Readonly<Record<string, unknown>>)[field] }),
  setToken: (token: unknown, { ctx }) => {
    ctx.token = structuredClone(token)
    return 'OK'
  },
  returnToken: (_, { ctx }) => ctx.token,
  mutateToken: ([name, value]: [string, unknown], { ctx }) => {
    ;(ctx.token as Record<string, unknown>)[name] = value
    return 'OK'
  },
  setTokenThenAbort: ([token, status, error, message], { ctx }) => {
    ctx.token = structuredClone(token) as unknown
    abort(status, error, message)
  },
  needs: (names: string | readonly string[], { input }, { returns }) => {
    const wanted = [names].flat()
    const given = isObject(input) ? input : input === undefined ? {} : { [wanted[0] ?? '']: input as unknown }
    const isMissing = wanted.some(name => !Object.hasOwn(given, name))
    if (isMissing || Object.keys(given).length > wanted.length) throw new TypeError('called with other arguments')
    return returns === undefined ? given : returns
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

/** In Python value, status and headers are a tuple, in either order; more than three, or fewer than two, are none. */
function tupleOf(parts: readonly unknown[]): unknown {
  if (parts.length > 3 || parts.length < 2) return parts
  const { status, headers } = statusAndHeaders(parts.slice(1))
  return reply(parts[0], { headers, ...(status === undefined ? {} : { status }) })
}

function statusAndHeaders(parts: readonly unknown[]): { status?: number; headers: Record<string, string[]> } {
  const status = parts.find(part => typeof part === 'number')
  const given = parts.find(part => typeof part === 'object' && part !== null)
  const lines = (Array.isArray(given) ? given : Object.entries(given ?? {})) as [string, string][]
  const headers: Record<string, string[]> = {}
  for (const [name, value] of lines) (headers[name] ??= []).push(value)
  return { headers, ...(status !== undefined && { status }) }
}

export interface ResponseVector {
  readonly body: string
  readonly status?: number
  readonly mimetype?: string
  readonly headers?: Readonly<Record<string, string>>
}

function responseOf({ body, status = 200, mimetype = 'text/html', headers }: ResponseVector): Response {
  return new Response(body, { status, headers: { ...headers, 'content-type': contentTypeOf(mimetype) } })
}

/** Text has a character set, as the original's framework writes it. */
export function contentTypeOf(mimetype: string): string {
  return /^text\/|\+xml$|^application\/(xml|javascript)/.test(mimetype) ? `${mimetype}; charset=utf-8` : mimetype
}

const redirectPage = (to: string): string =>
  '<!doctype html>\n<html lang=en>\n<title>Redirecting...</title>\n<h1>Redirecting...</h1>\n' +
  `<p>You should be redirected automatically to the target URL: <a href="${to}">${to}</a>. If not, click the link.\n`
