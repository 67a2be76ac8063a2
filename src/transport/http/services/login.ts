import type { Auth } from '../../../auth/auth.ts'
import type { Identity } from '../../../auth/principal.ts'
import type { CookieGrant, Login } from '../../../auth/login/login.ts'
import { setCookie } from '../../../auth/session/cookie.ts'
import { ApiError } from '../../../protocol/error.ts'
import type { AddressOf } from '../request/client-address.ts'
import { checkLength, readJson } from '../request/body.ts'
import type { Exchange, FieldLines } from '../exchange.ts'
import type { Face } from '../face.ts'
import { finishResponse } from '../response/send.ts'
import { readParameters } from '../request/parameters.ts'
import type { Service } from '../endpoint.ts'

/**
 * The login services below `/auth`: `token` (also `login`), `refresh`, `logout` and `ticket`. Their responses must not be
 * stored by anyone (RFC 6749 §5.1). With `?cookie=true`, the session is a cookie instead of tokens.
 */
export function loginServices(auth: Auth, addressOf: AddressOf): Service[] {
  const { login } = auth
  const services = [service('ticket', ticket)]
  if (!login) return services
  const begin = service('token', (face, exchange) => token(face, exchange, login))
  return [
    begin,
    { ...begin, path: '/auth/login' },
    service('refresh', (face, exchange) => refresh(face, exchange, login)),
    service('logout', logout),
    ...services,
  ]

  async function token(face: Face, exchange: Exchange, login: Login): Promise<void> {
    const { cookie } = readWords(face, exchange, ['cookie'])
    if (cookie) checkCookieUse(exchange)
    const { user, scope } = await login.check(await readBody(face, exchange), addressOf(exchange))
    if (cookie) sendCookie(face, exchange, await login.beginCookie(user, scope))
    else sendJson(face, exchange, await login.begin(user, scope))
  }

  async function refresh(face: Face, exchange: Exchange, login: Login): Promise<void> {
    const { cookie } = readWords(face, exchange, ['cookie'])
    if (!cookie) return sendJson(face, exchange, await login.refresh(await readBody(face, exchange)))
    checkCookieUse(exchange)
    const identity = await auth.identify(exchange)
    const session = identity && auth.sessionOf(identity)
    if (!session) throw new ApiError('unauthenticated')
    sendCookie(face, exchange, await login.renewCookie(session))
  }

  /** Ends a session. If it has already ended, the response is the same (RFC 7009 §2.2). */
  async function logout(face: Face, exchange: Exchange): Promise<void> {
    const { all } = readWords(face, exchange, ['all'])
    // Not every host reports the length of a body.
    const hasBody = exchange.hasBody || exchange.contentType !== undefined
    const body = hasBody ? await readBody(face, exchange) : null
    const given = typeof body === 'object' && body !== null ? (body as Record<string, unknown>)['refresh_token'] : null
    if (typeof given === 'string') await login!.endByRefresh(given)
    const identity = await known(exchange)
    if (identity && all) await auth.endAll(identity.principal.id)
    else if (identity) await auth.end(identity)
    const fields: FieldLines = ['cache-control', 'no-store']
    if (auth.cookie) fields.push('set-cookie', setCookie(auth.cookie.name, '', 0, auth.cookie.sameSite))
    finishResponse(face, exchange, 204, fields, null)
  }

  async function ticket(face: Face, exchange: Exchange): Promise<void> {
    readWords(face, exchange, [])
    const identity = await auth.identify(exchange)
    if (!identity) throw new ApiError('unauthenticated', { detail: 'a ticket belongs to a caller: authenticate first' })
    sendJson(face, exchange, await auth.ticket(identity))
  }

  /** The identity behind the credentials of a request; null if they are no longer valid. */
  async function known(exchange: Exchange): Promise<Identity | null> {
    try {
      return await auth.identify(exchange)
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return null
      throw error
    }
  }

  function checkCookieUse(exchange: Exchange): void {
    if (!auth.cookie) throw new ApiError('bad_request', { detail: 'sessions are not kept in cookies here' })
    // A foreign page must not log its visitor in either.
    const isBrowser = exchange.origin !== undefined || exchange.header('sec-fetch-site') !== undefined
    if (isBrowser && !auth.allowsOrigin(exchange)) throw new ApiError('forbidden_origin')
  }

  function sendCookie(face: Face, exchange: Exchange, grant: CookieGrant): void {
    const { name, sameSite } = auth.cookie!
    const body = {
      token_type: 'Cookie',
      expires_in: grant.seconds,
      ...(grant.scope === '' ? {} : { scope: grant.scope }),
    }
    sendJson(face, exchange, body, ['set-cookie', setCookie(name, grant.token, grant.seconds, sameSite)])
  }
}

function service(name: string, serve: Service['serve']): Service {
  return { path: `/auth/${name}`, methods: ['POST', 'OPTIONS'], serve }
}

/** Reads a JSON body and nothing else. A form on a foreign page cannot send JSON without a preflight (Fetch §4.8). */
async function readBody(face: Face, exchange: Exchange): Promise<unknown> {
  const type = exchange.contentType?.split(';')[0]!.trim().toLowerCase()
  if (type !== 'application/json')
    throw new ApiError('unsupported_media_type', { headers: { accept: 'application/json' } })
  if (exchange.contentEncoding !== undefined && exchange.contentEncoding !== 'identity')
    throw new ApiError('unsupported_encoding')
  checkLength(exchange, face.engine.limits.body)
  return readJson(exchange, face.engine.limits)
}

/** Reads parameters that are true, false or absent. Throws ApiError for others. */
function readWords<W extends string>(face: Face, exchange: Exchange, known: readonly W[]): { [P in W]?: boolean } {
  const words: { [P in W]?: boolean } = {}
  const query = exchange.query
  for (const [name, value] of query === '' ? [] : readParameters(query, face.engine.limits.parameters)) {
    if (!known.includes(name as W))
      throw new ApiError('unknown_param', {
        issues: [{ code: 'unknown_param', parameter: name, detail: 'is not known here' }],
      })
    if (value !== 'true' && value !== 'false')
      throw new ApiError('validation', { issues: [{ code: 'type', parameter: name, detail: 'must be true or false' }] })
    words[name as W] = value === 'true'
  }
  return words
}

function sendJson(face: Face, exchange: Exchange, value: object, more: FieldLines = []): void {
  const body = JSON.stringify(value)
  const length = String(Buffer.byteLength(body))
  const fields = ['content-type', 'application/json', 'content-length', length, 'cache-control', 'no-store', ...more]
  finishResponse(face, exchange, 200, fields, body)
}
