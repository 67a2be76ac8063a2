import { ApiError } from '../protocol/error.ts'
import { safeMethods } from '../protocol/method.ts'
import type { Id, Model } from '../model/model.ts'
import type { Commit, Store } from '../store/store.ts'
import { chain, wait, type Maybe } from '../store/work.ts'
import type { AttemptLimits } from './login/attempts.ts'
import type { Grant } from './session/callers.ts'
import { cookieFault, cookieIn, type CookieOptions } from './session/cookie.ts'
import { ForeignTokens, type Issuer } from './sources/foreign-tokens.ts'
import { signingKeys, type KeyOptions, type Keys } from './session/keys.ts'
import type { Granted, Login } from './login/login.ts'
import { isAllowedOrigin } from './origin.ts'
import {
  plainCredentials,
  type Authenticate,
  type Credentials,
  type Identity,
  type Principal,
  type Standing,
} from './principal.ts'
import type { Authority } from './authority.ts'
import { ownUsers, type OwnUsers } from './login/own-users.ts'
import type { Session, Sessions } from './session/session.ts'
import { Tickets } from './session/tickets.ts'
import { TokenCallers } from './session/token-callers.ts'
import { bearerOf, tokensOf } from './session/token.ts'
import { watch, type Watched } from './session/watch.ts'

/** How callers are recognised by tokens and sessions. All durations are in seconds. */
export interface AuthOptions extends KeyOptions {
  /** `iss` and `aud` of our own tokens. Default: `restuary`. */
  readonly issuer?: string
  readonly audience?: string
  /** How much the clocks of machines may differ. At most 30. Default: 5. */
  readonly leeway?: number
  /** How long an access token is valid. Default: 900. */
  readonly access?: number
  /** How long a session lasts if it is not refreshed. Default: 30 days. */
  readonly session?: number
  /**
   * How long the previous refresh token is still answered, so that a client may repeat a lost request. 0 = not at all. Default:
   * 5.
   */
  readonly grace?: number
  /** How long a ticket is valid. At most 30, which is the default. */
  readonly ticket?: number
  /** Other issuers whose tokens are accepted. */
  readonly issuers?: readonly Issuer[]
  /**
   * The scopes that a token needs for an operation: `read`, `write`, or an operation by name. One scope of the list is enough.
   */
  readonly scopes?: Readonly<Record<string, readonly string[]>>
  /** The scopes of a user. Default: the user's field `scopes`, else all scopes that `scopes` names. */
  readonly grant?: Grant
  /** The session cookie for browsers. false = no cookie. */
  readonly cookie?: CookieOptions | false
  /** Limits for failed logins. false = no limit. */
  readonly attempts?: AttemptLimits | false
}

/**
 * Recognises callers, and begins and ends sessions.
 *
 * @example
 * const { access_token } = await app.engine.auth!.begin(userId) // after a login that you have checked yourself
 */
export interface Auth {
  readonly authenticate: Authenticate
  /** Finds the caller, and the time until which the credentials are valid. Connections that stay open need it. */
  identify(credentials: Credentials): Maybe<Identity | null>
  /** The caller with a bearer token. Throws ApiError `unauthenticated` or `token_expired`. */
  authenticateToken(token: string): Maybe<Identity>
  /** The caller with a ticket. A ticket can be used once and is valid for some seconds. Rejects with ApiError `unauthenticated`. */
  authenticateTicket(ticket: string): Promise<Identity>
  /** Makes a ticket for a caller. `expires_in` is in seconds. */
  ticket(identity: Identity): Promise<{ readonly ticket: string; readonly expires_in: number }>
  /** Whether a page in a browser may send its cookies here, also to open a socket. */
  allowsOrigin(credentials: Credentials): boolean
  /**
   * Calls `listener` shortly after each commit that changed the user's row, password or sessions. Returns a function that ends
   * this.
   */
  onPrincipalChange(user: Id, listener: () => void): () => void
  /**
   * The caller on a connection that stays open, at any state of the store. Subscriptions need it, because they follow the log
   * in order. null = the caller does not depend on the store.
   */
  standing(identity: Identity): Standing | null
  /** The users whose row or sessions the commits changed, and how often. */
  changedIn(commits: readonly Commit[]): ReadonlyMap<Id, number>
  /**
   * Follows a caller on a connection that stays open. Reports each change, and finally that the token has expired or the
   * session has ended.
   */
  watch(identity: Identity, listener: (what: Watched) => void): () => void
  /** Login, refresh and logout. null = no resource has `.login(…)`. */
  readonly login: Login | null
  /** The session cookie. null = there is none. */
  readonly cookie: { readonly name: string; readonly sameSite: 'Lax' | 'Strict' } | null
  /**
   * Begins a session for a user whom you recognised in another way, such as by mail or another provider. Rejects with ApiError
   * `not_found` if there is no such user.
   */
  begin(user: Id, scope?: readonly string[]): Promise<Granted>
  /** A user as the caller that a login with all scopes makes. null = there is no such user, or no resource has `.login(…)`. */
  userOf(user: Id): Promise<Principal | null>
  /** The session of a caller. null = the caller has none of ours. */
  sessionOf(identity: Identity): Session | null
  /** Ends the session of a caller. */
  end(identity: Identity): Promise<void>
  /** The sessions of all users. null = no resource has `.login(…)`. */
  readonly sessions: Pick<Sessions, 'list' | 'end'> | null
  /** Ends all sessions of a user, for instance after a password reset. */
  endAll(user: Id): Promise<void>
  /** Whether the secret was made at start. Tokens then end with the process. The store has to be open. */
  readonly random: boolean
  readonly scopes: Readonly<Record<string, readonly string[]>> | null
  /** What recognises callers in place of our own tokens. */
  readonly authority: Authority | null
  /** How requests carry credentials, by name: security schemes of OpenAPI. */
  readonly schemes: Authority['schemes']
  close(): void
}

/** What recognising callers needs. */
export interface AuthEnvironment {
  readonly model: Model
  readonly store: Store
  readonly clock: () => number
  readonly random: (bytes: number) => Uint8Array
  /** The application's own function. It is asked first; if it returns null, the other ways are tried. */
  readonly authenticate: Authenticate | null
}

const nobody: ReadonlyMap<Id, number> = new Map()

/** Makes what recognises callers. null = neither a login nor an option asks for it. */
export function createAuth(options: AuthOptions | Authority | undefined, environment: AuthEnvironment): Auth | null {
  const { model, store, clock, random, authenticate: custom } = environment
  const users = [...model.resources.values()].find(one => one.login !== null)
  if (!users && !options && !custom) return null
  const authority = isAuthority(options) ? options : null
  if (authority && users)
    throw new Error(
      `auth: ${users.name} has a login, and \`auth\` is another way to recognise callers: choose one of them`,
    )
  const given: AuthOptions = isAuthority(options) || !options ? {} : options
  const leeway = Math.min(given.leeway ?? 5, 30)
  const keys = signingKeys(given, () => store.secret())
  const { issuer = 'restuary', audience = 'restuary' } = given
  const tokens = tokensOf(keys, { issuer, audience, leeway })
  const own = users ? ownUsers(users, given, environment, tokens) : null
  const foreign = new Map((given.issuers ?? []).map(one => [one.issuer, new ForeignTokens(one, leeway, clock)]))
  return authOf({
    ...environment,
    authority,
    own,
    callers: new TokenCallers({ tokens, own, foreign, leeway, clock }),
    cookie: own === null || given.cookie === false ? null : cookieOf(given.cookie ?? {}),
    origins: new Set(given.cookie ? given.cookie.origins : []),
    tickets: new Tickets(store, given.ticket ?? 30, random),
    keys,
    scopes: given.scopes ?? null,
  })
}

/** The ways in which callers are recognised here. */
interface AuthParts extends AuthEnvironment {
  readonly authority: Authority | null
  readonly own: OwnUsers | null
  readonly callers: TokenCallers
  readonly cookie: Auth['cookie']
  /** The origins of pages whose cookies are taken. */
  readonly origins: ReadonlySet<string>
  readonly tickets: Tickets
  readonly keys: Keys
  readonly scopes: Auth['scopes']
}

function authOf(parts: AuthParts): Auth {
  const { own, callers, authority, cookie, origins, tickets } = parts
  const identify = (credentials: Credentials): Maybe<Identity | null> => identifyBy(parts, credentials)
  return {
    authenticate: credentials => {
      const identity = identify(credentials)
      return identity instanceof Promise ? identity.then(one => one?.principal ?? null) : (identity?.principal ?? null)
    },
    identify,
    authenticateToken: token => callers.identify(token),
    async authenticateTicket(ticket) {
      const bearer = await tickets.redeem(ticket)
      if (!bearer) throw new ApiError('unauthenticated', { detail: 'the ticket is not valid' })
      return 'access' in bearer ? callers.identifyByAccess(bearer.access) : bearer.identity
    },
    ticket: async identity => {
      const access = callers.accessOf(identity)
      return { ticket: await tickets.issue(access ? { access } : { identity }), expires_in: tickets.seconds }
    },
    allowsOrigin: credentials => isAllowedOrigin(credentials, origins),
    onPrincipalChange: (user, listener) => own?.watches.on(user, listener) ?? (() => {}),
    standing: identity => {
      const access = callers.accessOf(identity)
      if (!access || !own) return null
      const { id } = identity.principal
      return {
        user: id,
        at: snapshot => own.callers.at(snapshot, access),
        changedBy: commits => own.watches.changed(commits, id),
      }
    },
    changedIn: commits => own?.watches.usersIn(commits) ?? nobody,
    watch: (identity, listener) => {
      const access = callers.accessOf(identity)
      const look = access && own ? (): Maybe<Principal | null> => own.callers.of(access) : null
      return watch(identity, look, own?.watches ?? null, parts.clock, listener)
    },
    login: own?.login ?? null,
    cookie,
    begin: (user, scope) => begin(parts, user, scope),
    userOf: async user => (own ? own.callers.userOf(user) : null),
    sessionOf: identity => {
      const access = callers.accessOf(identity)
      return access ? { id: access.sid, user: identity.principal.id, scope: access.scope } : null
    },
    end: async identity => {
      const access = callers.accessOf(identity)
      if (!access || !own) return
      await own.sessions.end(access.sid)
      own.callers.forget(access.sid)
    },
    sessions: own?.sessions ?? null,
    endAll: async user => {
      await own?.sessions.endAll(user)
    },
    get random() {
      return own !== null && parts.keys.random
    },
    scopes: parts.scopes,
    authority,
    schemes: authority?.schemes ?? schemesOf(cookie),
    close() {
      own?.callers.close()
      own?.watches.close()
      callers.clear()
    },
  }
}

/** The caller of a request: by the application's own function, then by the authority or by token and cookie. */
function identifyBy(parts: AuthParts, credentials: Credentials): Maybe<Identity | null> {
  const { authority, authenticate: custom } = parts
  const otherwise = (): Maybe<Identity | null> =>
    authority ? authority.identify(credentials) : identifyByToken(parts, credentials)
  if (!custom) return otherwise()
  return chain(custom(plainCredentials(credentials)), (who): Maybe<Identity | null> =>
    who ? { principal: who, expires: null } : otherwise(),
  ) as Maybe<Identity | null>
}

function identifyByToken({ callers, cookie, origins }: AuthParts, credentials: Credentials): Maybe<Identity | null> {
  if (!callers.areAccepted) return null
  const token = bearerOf(credentials.header('authorization'))
  if (token !== null) return callers.identify(token)
  if (!cookie) return null
  const value = cookieIn(credentials.header('cookie'), cookie.name)
  if (value === undefined || value === '') return null
  const isSocket = credentials.face === 'websocket' || credentials.face === 'socketio'
  if ((isSocket || !safeMethods.has(credentials.method)) && !isAllowedOrigin(credentials, origins))
    throw new ApiError('forbidden_origin', { detail: 'a cookie is not taken from a page of another origin' })
  return callers.identify(value)
}

async function begin({ own, store }: AuthParts, user: Id, scope: readonly string[] | undefined): Promise<Granted> {
  if (!own) throw new TypeError('no resource says .login(…)')
  const row = await store.read(function* (snapshot) {
    return yield* wait(snapshot.get(own.users, user))
  })
  if (!row) throw new ApiError('not_found', { detail: `there is no ${own.users.name} ${user}` })
  const has = own.grant(row)
  return own.login.begin(row, (scope ? has.filter(word => scope.includes(word)) : has).join(' '))
}

function cookieOf(options: CookieOptions): { name: string; sameSite: 'Lax' | 'Strict' } {
  const name = options.name ?? '__Host-session'
  const fault = cookieFault(name)
  if (fault !== null) throw new Error(fault)
  return { name, sameSite: options.sameSite ?? 'Lax' }
}

function schemesOf(cookie: { readonly name: string } | null): Authority['schemes'] {
  return {
    bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
    ...(cookie ? { session: { type: 'apiKey', in: 'cookie', name: cookie.name } } : {}),
  }
}

function isAuthority(options: AuthOptions | Authority | undefined): options is Authority {
  return options !== undefined && 'identify' in options
}
