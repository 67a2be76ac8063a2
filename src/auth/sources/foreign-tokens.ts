import { isDeepStrictEqual } from 'node:util'
import { chain, type Maybe } from '../../store/work.ts'
import { remoteKeys, verifyJwt, type Claims, type ForeignAlgorithm, type RemoteKeys } from './jwt.ts'
import type { Identity, Principal } from '../principal.ts'
import { tokenHeader } from '../session/token.ts'

/** An identity provider whose tokens are accepted. */
export interface Issuer {
  /** Its `iss`, exactly as in the tokens. */
  readonly issuer: string
  /** The `aud` of tokens that are meant for this API. */
  readonly audience: string
  /** The URL at which it publishes its keys: https, or http on this machine. */
  readonly jwks: string
  readonly algorithm: ForeignAlgorithm
  /** The `typ` of its tokens. It is `at+jwt` if it follows RFC 9068. Default: any. */
  readonly type?: string
  /**
   * Finds the caller by the claims of a verified token. null = anonymous. The result is used for one second. Default: `sub` is
   * the id.
   */
  readonly principal?: (claims: Claims) => Maybe<Principal | null>
}

interface Held {
  readonly claims: Claims
  identity: Identity | null
  checkedAt: number
}

const most = 10_000

/**
 * Verifies the tokens of one issuer, each token once. The same token gives the same Principal object as long as its user is the
 * same.
 */
export class ForeignTokens {
  readonly #issuer: Issuer
  readonly #leeway: number
  readonly #clock: () => number
  readonly #held = new Map<string, Held>()
  #keys: Promise<RemoteKeys> | null = null

  constructor(issuer: Issuer, leeway: number, clock: () => number) {
    const url = URL.canParse(issuer.jwks) ? new URL(issuer.jwks) : null
    const isLocal = url !== null && /^(localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname)
    if (!url || !(url.protocol === 'https:' || (url.protocol === 'http:' && isLocal)))
      throw new Error(`auth.issuers: the keys of ${issuer.issuer} must be at an https URL, not "${issuer.jwks}"`)
    this.#issuer = issuer
    this.#leeway = leeway
    this.#clock = clock
  }

  of(token: string): Maybe<Identity | null> {
    const held = this.#held.get(token)
    if (!held) return this.#verify(token)
    const now = this.#clock()
    const { exp } = held.claims as { exp: number }
    if (exp * 1000 <= now - this.#leeway * 1000) this.#held.delete(token)
    if (held.identity && now - held.checkedAt < 1000) return held.identity
    return this.#held.has(token) ? this.#identify(held) : this.#verify(token)
  }

  async #verify(token: string): Promise<Identity | null> {
    tokenHeader(token)
    const { issuer, audience, algorithm, type, jwks } = this.#issuer
    const claims = await verifyJwt(token, await (this.#keys ??= remoteKeys(new URL(jwks))), {
      algorithm,
      issuer,
      audience,
      required: ['exp', 'iat', 'sub'],
      leeway: this.#leeway,
      now: Math.floor(this.#clock() / 1000),
      ...(type === undefined ? {} : { type }),
    })
    if (this.#held.size >= most) this.#held.delete(this.#held.keys().next().value!)
    const held: Held = { claims, identity: null, checkedAt: 0 }
    this.#held.set(token, held)
    return this.#identify(held)
  }

  #identify(held: Held): Maybe<Identity | null> {
    return chain((this.#issuer.principal ?? plain)(held.claims), principal => {
      held.checkedAt = this.#clock()
      if (principal === null) return (held.identity = null)
      if (held.identity && isDeepStrictEqual(held.identity.principal, principal)) return held.identity
      return (held.identity = { principal, expires: (held.claims['exp'] as number) * 1000 })
    })
  }
}

function plain(claims: Claims): Principal {
  const scope = typeof claims['scope'] === 'string' ? claims['scope'].split(' ').filter(Boolean) : []
  return { id: claims['sub'] as string, issuer: claims['iss'], claims, scopes: new Set(scope) }
}
