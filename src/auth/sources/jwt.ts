import type * as Jose from 'jose'
import type { KeyObject } from 'node:crypto'
import { ApiError } from '../../protocol/error.ts'

/** Algorithms that may be chosen for tokens of one's own. */
export type Algorithm = 'HS256' | 'HS384' | 'HS512' | 'ES256' | 'EdDSA'
/** … and those that issuers elsewhere may use. */
export type ForeignAlgorithm = 'ES256' | 'ES384' | 'EdDSA' | 'RS256' | 'PS256'

export type Claims = Readonly<Record<string, unknown>>
export type JwtKey = Uint8Array | KeyObject
/** Finds the key of a token among those that an issuer publishes. */
export type RemoteKeys = Jose.JWTVerifyGetKey

/** How a token is held to be valid. Times in seconds since the epoch. */
export interface Verifying {
  readonly algorithm: Algorithm | ForeignAlgorithm
  /** RFC 8725 §3.11: the `typ` that it must have; absent = any. */
  readonly type?: string
  readonly issuer?: string
  readonly audience?: string
  readonly required: readonly string[]
  /** Seconds by which clocks may differ. */
  readonly leeway: number
  readonly now: number
}

// The library is loaded with the first token: an API without tokens never pays for it.
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

/** The claims of a token. Throws ApiError `token_expired` or `unauthenticated`; `unavailable` if keys cannot be fetched. */
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
    // Two calls, as the two kinds of keys are two overloads.
    const { payload } =
      typeof key === 'function' ? await jwtVerify(token, key, options) : await jwtVerify(token, key, options)
    const { iat } = payload
    if (iat !== undefined && iat > how.now + how.leeway) throw invalid('the token comes from the future')
    return payload
  } catch (error) {
    throw refusalOf(error)
  }
}

/** Keys of an issuer elsewhere, fetched when needed and kept (10 minutes); only from the address of the configuration. */
export async function remoteKeys(url: URL): Promise<RemoteKeys> {
  const { createRemoteJWKSet } = await jose()
  return createRemoteJWKSet(url, { timeoutDuration: 5_000, cooldownDuration: 30_000, cacheMaxAge: 600_000 })
}

function refusalOf(error: unknown): unknown {
  if (error instanceof ApiError) return error
  const code = error instanceof Error ? (error as Error & { code?: unknown }).code : undefined
  if (code === 'ERR_JWT_EXPIRED') return new ApiError('token_expired', { cause: error })
  if (code === 'ERR_JWKS_TIMEOUT' || code === 'ERR_JOSE_GENERIC') return new ApiError('unavailable', { cause: error })
  if (typeof code === 'string' && code.startsWith('ERR_J')) return invalid('the token is not valid', error)
  return error instanceof TypeError && error.message.includes('fetch')
    ? new ApiError('unavailable', { cause: error })
    : error
}

/** A token that does not hold; why is for the log. */
export function invalid(why: string, cause?: unknown): ApiError {
  return new ApiError('unauthenticated', { detail: 'the token is not valid', cause: cause ?? new Error(why) })
}
