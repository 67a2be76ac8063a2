import { ApiError } from '../../protocol/error.ts'
import { safeMethods } from '../../protocol/method.ts'
import type { Id } from '../../model/model.ts'
import type { Maybe } from '../../store/work.ts'
import { cookieIn } from '../../auth/session/cookie.ts'
import { signJwt, verifyJwt, type Claims } from '../../auth/sources/jwt.ts'
import { signingKeys, type Keys, type Secret } from '../../auth/session/keys.ts'
import { isAllowedOrigin } from '../../auth/origin.ts'
import type { Credentials, Identity, Principal } from '../../auth/principal.ts'
import type { Authority } from '../../auth/authority.ts'
import type { OuterHooks } from '../../engine/actions/request-hooks.ts'
import { tokenHooks } from './token-hooks.ts'
import { checkRole, readMeta, type Meta, type TokenAuthMeta } from './roles.ts'
import { tokenHeader } from '../../auth/session/token.ts'

/** Options of `tokenAuth`. */
export interface TokenAuthOptions {
  /** Secrets of 32 bytes or more, the newest first. Default: random at each start. */
  readonly secret?: Secret | readonly Secret[]
  /** Finds the role of a caller by the claims of its token. null = there is no token. */
  readonly getRole: (token: Claims | null) => string
  /** `$auth` and `$roles`, or the path of a meta file that contains them. */
  readonly meta?: Meta | string
  /**
   * The name under which `$roles` lists who may `get` the documents at `/docs`: the page, the metadata and `res.js`, as if they
   * were a resource. Default: everybody may.
   */
  readonly docs?: string
  /** What happens to a caller with an invalid token: it is a guest, as in restaction (default), or gets 401. */
  readonly invalid?: 'guest' | '401'
  /** Origins whose pages may use the cookie, beside those of the API's own host. */
  readonly origins?: readonly string[]
  /** The time in milliseconds since the epoch. */
  readonly clock?: () => number
}

/** A token that is sent with an answer. */
export interface Issued {
  readonly token: string
  readonly headers: readonly (readonly [name: string, value: string])[]
}

/**
 * Authentication as in restaction: the claims of a token give a role, and `$roles` lists what the role may call. A token is
 * sent with the answer if an action made it, or if it is in the second half of its lifetime.
 */
export interface TokenAuth extends Authority, Required<OuterHooks> {
  readonly meta: Meta
  /** `$auth` with its defaults. */
  readonly options: Required<TokenAuthMeta>
  /**
   * Finds the caller. null = a guest. The principal has the claims, the `role`, and an `id` from the claims (`sub`, `id`, else
   * the role).
   */
  identify(credentials: Credentials): Maybe<Identity | null>
  /** The claims that a principal came with, a copy to change. */
  tokenOf(principal: Principal | null): Record<string, unknown> | null
  roleOf(principal: Principal | null): string
  /** Throws ApiError unless the caller may see the documents; null = everybody may. */
  readonly authorizeDocs: ((principal: Principal | null) => void) | null
  /** Makes the token to send for the claims that an action left. Adds `exp` to them. */
  issue(token: unknown): Promise<Issued | null>
}

interface Held {
  readonly claims: Claims
  readonly identity: Identity
}

const most = 10_000

/**
 * Tokens and roles as in flask-restaction: an action logs a user in by setting `ctx.token`, and `meta` lists what each role may do.
 *
 * @example
 * const getRole = (token: { role?: unknown } | null) => (token ? String(token.role) : 'guest')
 * api({ hello }, { auth: tokenAuth({ secret, getRole, meta: 'meta.json' }) })
 */
export function tokenAuth(given: TokenAuthOptions): TokenAuth {
  const meta = readMeta(given.meta ?? {})
  const options: Required<TokenAuthMeta> = Object.freeze({
    header: 'Authorization',
    algorithm: 'HS256',
    expiration: 3600,
    cookie: null,
    refresh: true,
    ...meta.$auth,
  })
  const { expiration } = options
  const keys = signingKeys({
    algorithm: options.algorithm,
    ...(given.secret === undefined ? {} : { secret: given.secret }),
  })
  const clock = given.clock ?? Date.now
  const seconds = (): number => Math.floor(clock() / 1000)
  const origins = new Set(given.origins)
  const header = options.header?.toLowerCase() ?? null
  const held = new Map<string, Held>()
  const claimsOf = new WeakMap<Principal, Claims>()

  /** The raw value of the token. In restaction it has no scheme. */
  function tokenIn(credentials: Credentials): string | null {
    const raw = header === null ? undefined : credentials.header(header)
    // If there is a header field, the cookie is not used, even if the field is invalid.
    if (raw !== undefined) return raw
    if (options.cookie === null) return null
    const value = cookieIn(credentials.header('cookie'), options.cookie)
    if (value === undefined) return null
    const isSocket = credentials.face === 'websocket' || credentials.face === 'socketio'
    if ((isSocket || !safeMethods.has(credentials.method)) && !isAllowedOrigin(credentials, origins))
      throw new ApiError('forbidden_origin', { detail: 'a cookie is not taken from a page of another origin' })
    return value
  }

  async function verify(token: string): Promise<Identity> {
    const claims = await verified(token, keys, seconds())
    const role = given.getRole({ ...claims })
    const identity = Object.freeze({
      principal: Object.freeze({ ...claims, id: idOf(claims, role), role }) satisfies Principal,
      expires: (claims['exp'] as number) * 1000,
    })
    if (held.size >= most) held.delete(held.keys().next().value!)
    held.set(token, { claims, identity })
    claimsOf.set(identity.principal, claims)
    return identity
  }

  function refused(error: unknown): null {
    if (given.invalid !== '401' && error instanceof ApiError && error.status === 401) return null
    throw error
  }

  function identify(credentials: Credentials): Maybe<Identity | null> {
    const token = tokenIn(credentials)
    if (token === null || token === '') return null
    const known = held.get(token)
    if (known && known.identity.expires! > clock()) {
      // The role is computed again, because what it depends on may have changed.
      const role = given.getRole({ ...known.claims })
      if (role === known.identity.principal['role']) return known.identity
    }
    held.delete(token)
    return verify(token).catch(refused)
  }

  return {
    meta,
    options,
    identify,
    tokenOf,
    roleOf,
    authorize: (principal, resource, operation, isAction) => {
      const action = isAction ? operation : (methods[operation] ?? operation)
      checkRole(meta.$roles, roleOf(principal), resource, action)
    },
    authorizeDocs:
      given.docs === undefined ? null : principal => checkRole(meta.$roles, roleOf(principal), given.docs!, 'get'),
    issue,
    ...tokenHooks({ tokenOf, issue }),
    schemes: {
      ...(options.header === null ? {} : { token: { type: 'apiKey', in: 'header', name: options.header } }),
      ...(options.cookie === null ? {} : { cookie: { type: 'apiKey', in: 'cookie', name: options.cookie } }),
    },
  }

  function tokenOf(principal: Principal | null): Record<string, unknown> | null {
    const claims = principal && claimsOf.get(principal)
    return claims ? { ...claims } : null
  }

  async function issue(token: unknown): Promise<Issued | null> {
    if (typeof token !== 'object' || token === null || Object.keys(token).length === 0) return null
    const claims = token as Record<string, unknown>
    const now = seconds()
    const { exp } = claims
    const isNew = exp === undefined
    if (!isNew && !(options.refresh && typeof exp === 'number' && exp - now < expiration / 2)) return null
    claims['exp'] = now + expiration
    const jwt = await signJwt(claims, { alg: options.algorithm, typ: 'JWT' }, keys.signing.key)
    return { token: jwt, headers: headersOf(jwt, claims['exp'] as number) }
  }

  function roleOf(principal: Principal | null): string {
    return principal ? String(principal['role']) : given.getRole(null)
  }

  function headersOf(jwt: string, exp: number): [string, string][] {
    const headers: [string, string][] = []
    if (options.header !== null) headers.push([options.header, jwt])
    if (options.cookie !== null) {
      const expires = new Date(exp * 1000).toUTCString()
      const flags = 'HttpOnly; Path=/; Secure; SameSite=Lax'
      headers.push(['Set-Cookie', `${options.cookie}=${jwt}; Expires=${expires}; Max-Age=${expiration}; ${flags}`])
    }
    return headers
  }
}

/** The names of operations in `$roles`, where actions are named after methods. */
const methods: Readonly<Record<string, string>> = { list: 'get', get: 'get', create: 'post', replace: 'put' }

async function verified(token: string, keys: Keys, now: number): Promise<Claims> {
  tokenHeader(token)
  const how = { algorithm: keys.algorithm, required: ['exp'], leeway: 0, now }
  let last: unknown
  for (const key of keys.verifying.values()) {
    try {
      const claims = await verifyJwt(token, key, how)
      // The token is meant for somebody else (RFC 7519 §4.1.3).
      if (claims['aud'] !== undefined) throw new ApiError('unauthenticated', { detail: 'the token is not valid' })
      return claims
    } catch (error) {
      last = error
    }
  }
  throw last
}

function idOf(claims: Claims, role: string): Id {
  for (const name of ['sub', 'id', 'user_id', 'userid']) {
    const value = claims[name]
    if (typeof value === 'string' || typeof value === 'number') return value
  }
  return role
}
