import { ApiError } from '../../protocol/error.ts'
import { chain, type Maybe } from '../../store/work.ts'
import type { OwnUsers } from '../login/own-users.ts'
import type { Identity } from '../principal.ts'
import type { ForeignTokens } from '../sources/foreign-tokens.ts'
import { invalidToken } from '../sources/jwt.ts'
import { longestToken, unverified, type AccessClaims, type Tokens } from './token.ts'

/** How many tokens are remembered, so that their signatures are not verified for every request. */
const MOST = 10_000

export interface TokenCallersOptions {
  readonly tokens: Tokens
  /** null = nobody logs in here, so we issue no tokens. */
  readonly own: OwnUsers | null
  /** Other issuers by their names. */
  readonly foreign: ReadonlyMap<string, ForeignTokens>
  /** How many seconds a token is accepted after its end, because clocks differ. */
  readonly leeway: number
  readonly clock: () => number
}

/** A token that was verified, and the caller that it belongs to. The caller is another object once the user has changed. */
interface Verified {
  readonly access: AccessClaims
  identity: Identity | null
}

/** Recognises callers by bearer tokens: our own, and those of other issuers. */
export class TokenCallers {
  readonly #options: TokenCallersOptions
  readonly #verified = new Map<string, Verified>()
  readonly #accesses = new WeakMap<Identity, AccessClaims>()

  constructor(options: TokenCallersOptions) {
    this.#options = options
  }

  /** Whether anybody's tokens are accepted. */
  get areAccepted(): boolean {
    return this.#options.own !== null || this.#options.foreign.size > 0
  }

  /** The caller with a token. Throws ApiError `unauthenticated` or `token_expired`. */
  identify(token: string): Maybe<Identity> {
    if (typeof token !== 'string' || token.length > longestToken) throw invalidToken('no token')
    const { tokens, own, foreign, leeway, clock } = this.#options
    const known = this.#verified.get(token)
    if (known) {
      if (known.access.exp * 1000 > clock() - leeway * 1000) return this.#current(known)
      this.#verified.delete(token)
      throw new ApiError('token_expired')
    }
    const issuer = foreign.size === 0 ? undefined : foreign.get(String(unverified(token)['iss']))
    if (issuer) return chain(issuer.of(token), found)
    if (!own) throw invalidToken('nobody issues tokens here')
    return tokens.verify(token, Math.floor(clock() / 1000)).then(access => {
      const entry = { access, identity: null }
      return chain(this.#current(entry), identity => {
        if (this.#verified.size >= MOST) this.#verified.delete(this.#verified.keys().next().value!)
        this.#verified.set(token, entry)
        return identity
      })
    })
  }

  /** The caller with the claims of one of our tokens, which was verified elsewhere. */
  identifyByAccess(access: AccessClaims): Maybe<Identity> {
    return this.#current({ access, identity: null })
  }

  /** What our token of a caller says. undefined = the caller has none of ours. */
  accessOf(identity: Identity): AccessClaims | undefined {
    return this.#accesses.get(identity)
  }

  clear(): void {
    this.#verified.clear()
  }

  #current(entry: Verified): Maybe<Identity> {
    return chain(this.#options.own!.callers.of(entry.access), principal => {
      if (!principal) throw invalidToken('the session has ended')
      if (entry.identity?.principal !== principal) {
        entry.identity = Object.freeze({ principal, expires: entry.access.exp * 1000 })
        this.#accesses.set(entry.identity, entry.access)
      }
      return entry.identity
    })
  }
}

function found(identity: Identity | null): Identity {
  if (identity) return identity
  throw invalidToken('nobody is known by it')
}
