import { getOrThrow } from '../../protocol/get-or-throw.ts'
import { ApiError } from '../../protocol/error.ts'
import { invalidToken, signJwt, verifyJwt, type Claims } from '../sources/jwt.ts'
import type { Keys } from './keys.ts'

/** The claims of an access token (RFC 9068 §2.2). Times are in seconds since the epoch. */
export interface AccessClaims {
  readonly sub: string
  readonly sid: string
  readonly scope: string
  readonly exp: number
}

export interface TokenOptions {
  readonly issuer: string
  readonly audience: string
  /** How many seconds clocks may differ, at most 30. */
  readonly leeway: number
}

/** Longest token that is read, in bytes. */
export const longestToken = 4096
const TYPE = 'at+jwt'

/** Makes and verifies access tokens. */
export interface Tokens {
  issue(access: AccessClaims, now: number): Promise<string>
  /** Throws ApiError `unauthenticated` or `token_expired`. `now` is in seconds since the epoch. */
  verify(token: string, now: number): Promise<AccessClaims>
}

export function tokensOf(keys: Keys, options: TokenOptions): Tokens {
  const { issuer, audience } = options
  const leeway = Math.min(Math.max(options.leeway, 0), 30)
  return {
    issue: ({ sub, sid, scope, exp }, now) =>
      signJwt(
        { iss: issuer, aud: audience, sub, sid, iat: now, exp, ...(scope === '' ? {} : { scope }) },
        { alg: keys.algorithm, typ: TYPE, kid: keys.signing.kid },
        keys.signing.key,
      ),
    verify: async (token, now) => {
      const header = tokenHeader(token)
      if (header['alg'] !== keys.algorithm) throw invalidToken('another algorithm')
      const how = {
        algorithm: keys.algorithm,
        type: TYPE,
        issuer,
        audience,
        required: ['exp', 'iat', 'sub', 'sid'],
        leeway,
        now,
      }
      const { kid } = header
      if (kid !== undefined) {
        const key = typeof kid === 'string' ? keys.verifying.get(kid) : undefined
        if (!key) throw invalidToken('signed by a key that is not known')
        return accessOf(await verifyJwt(token, key, how))
      }
      return accessOf(await verifyJwt(token, getOrThrow(keys.verifying, keys.signing.kid), how))
    },
  }
}

function accessOf({ sub, sid, scope, exp, iat }: Claims): AccessClaims {
  if (typeof sub !== 'string' || sub === '' || typeof sid !== 'string') throw invalidToken('claims of other types')
  if (typeof iat !== 'number' || typeof exp !== 'number') throw invalidToken('claims of other types')
  if (scope !== undefined && typeof scope !== 'string') throw invalidToken('a scope that is not text')
  return { sub, sid, scope: scope ?? '', exp }
}

/** Members of a header with which a token would bring its own key or its own meaning (RFC 8725 §3.10, RFC 7515 §4.1). */
const refused = ['jwk', 'jku', 'x5u', 'x5c', 'crit', 'zip', 'b64'] as const

/**
 * The header of a token. Refuses a token that cannot be valid before it is verified. A token has only one spelling, so that it
 * can be recognised by its text.
 */
export function tokenHeader(token: string): Claims {
  if (token.length > longestToken) throw invalidToken('over 4 KiB')
  const parts = token.split('.')
  if (parts.length !== 3) throw invalidToken('not three parts')
  if (!parts.every(isCanonical)) throw invalidToken('not base64url in its one spelling')
  const header = objectIn(parts[0]!)
  if (refused.some(name => Object.hasOwn(header, name))) throw invalidToken('brings its own key or meaning')
  if (header['alg'] === 'none' || typeof header['alg'] !== 'string') throw invalidToken('is not signed')
  return header
}

/** The claims of a token that is not verified yet. Use them only to choose the issuer that verifies it. */
export function unverified(token: string): Claims {
  return objectIn(token.split('.')[1] ?? '')
}

function isCanonical(part: string): boolean {
  return part !== '' && Buffer.from(part, 'base64url').toString('base64url') === part
}

function objectIn(part: string): Claims {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString())
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Claims
  } catch {
    // refused below, like anything that is no object
  }
  throw invalidToken('not JSON')
}

/** The token in an `Authorization` header. null = there is no header. Throws ApiError for another scheme (RFC 6750 §2.1). */
export function bearerOf(header: string | undefined): string | null {
  if (header === undefined) return null
  const token = /^bearer +([A-Za-z0-9\-._~+/]+=*) *$/i.exec(header)?.[1]
  if (token === undefined) throw new ApiError('unauthenticated', { detail: 'send Authorization: Bearer and a token' })
  return token
}
