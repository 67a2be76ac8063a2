import type * as Jose from 'jose'
import type { KeyObject } from 'node:crypto'
import { ApiError } from '../../protocol/error.ts'

/** Algorithms that may be chosen for our own tokens. */
export type Algorithm = 'HS256' | 'HS384' | 'HS512' | 'ES256' | 'EdDSA'
/** … and those that issuers elsewhere may use. */
export type ForeignAlgorithm = 'ES256' | 'ES384' | 'EdDSA' | 'RS256' | 'PS256'

export type Claims = Readonly<Record<string, unknown>>
export type JwtKey = Uint8Array | KeyObject
/** Finds the key of a token among those that an issuer publishes. */
export type RemoteKeys = Jose.JWTVerifyGetKey

/** What makes a token valid. Times are in seconds since the epoch. */
export interface Verifying {
  readonly algorithm: Algorithm | ForeignAlgorithm
  /** The `typ` that it must have (RFC 8725 §3.11). Absent = any. */
  readonly type?: string
  readonly issuer?: string
  readonly audience?: string
  readonly required: readonly string[]
  /** How many seconds clocks may differ. */
  readonly leeway: number
  readonly now: number
}

// The library is loaded when the first token arrives, so an API without tokens never loads it.
let loading: Promise<typeof Jose> | undefined
const jose = (): Promise<typeof Jose> => (loading ??= import('jose'))

export interface JwtHeader {
  readonly alg: Algorithm
  readonly typ: string
  readonly kid?: string
}

export async function signJwt(claims: Claims, header: JwtHeader, key: JwtKey): Promise<string> {
  const { SignJWT } = await jose()
  return new SignJWT({ ...claims }).setProtectedHeader({ ...header }).sign(key)
}

/**
 * Verifies a token and returns its claims. Throws ApiError `token_expired` or `unauthenticated`, and `unavailable` if keys
 * cannot be fetched.
 */
export async function verifyJwt(token: string, key: JwtKey | RemoteKeys, how: Verifying): Promise<Claims> {
  const { jwtVerify } = await jose()
  const options = {
    algorithms: [how.algorithm],
    ...(how.type === undefined ? {} : { typ: how.type }),
    ...(how.issuer === undefined ? {} : { issuer: how.issuer }),
    ...(how.audience === undefined ? {} : { audience: how.audience }),
    requiredClaims: [...how.required],
    clockTolerance: how.leeway,
    currentDate: new Date(how.now * 1000),
  }
  try {
    // Two calls, because the two kinds of keys have separate overloads.
    const { payload } =
      typeof key === 'function' ? await jwtVerify(token, key, options) : await jwtVerify(token, key, options)
    const { iat } = payload
    if (iat !== undefined && iat > how.now + how.leeway) throw invalidToken('the token comes from the future')
    return payload
  } catch (error) {
    throw refusalOf(error)
  }
}

/**
 * The keys of another issuer. They are fetched when they are needed and kept for 10 minutes, and only come from the configured
 * address.
 */
export async function remoteKeys(url: URL): Promise<RemoteKeys> {
  const { createRemoteJWKSet } = await jose()
  return createRemoteJWKSet(url, { timeoutDuration: 5_000, cooldownDuration: 30_000, cacheMaxAge: 600_000 })
}

function refusalOf(error: unknown): unknown {
  if (error instanceof ApiError) return error
  const code = error instanceof Error ? (error as Error & { code?: unknown }).code : undefined
  if (code === 'ERR_JWT_EXPIRED') return new ApiError('token_expired', { cause: error })
  if (code === 'ERR_JWKS_TIMEOUT' || code === 'ERR_JOSE_GENERIC') return new ApiError('unavailable', { cause: error })
  if (typeof code === 'string' && code.startsWith('ERR_J')) return invalidToken('the token is not valid', error)
  return error instanceof TypeError && error.message.includes('fetch')
    ? new ApiError('unavailable', { cause: error })
    : error
}

/** The error for an invalidToken token. `why` is only logged. */
export function invalidToken(why: string, cause?: unknown): ApiError {
  return new ApiError('unauthenticated', { detail: 'the token is not valid', cause: cause ?? new Error(why) })
}
