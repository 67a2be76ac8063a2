import { ApiError, pointer, type Issue } from '../../protocol/error.ts'
import { Refused } from '../../schema/read/refused.ts'
import { ID, type Id, type Resource, type Row, type ScalarField } from '../../model/model.ts'
import { fold } from '../../query/folding/fold.ts'
import type { Store } from '../../store/store.ts'
import { wait } from '../../store/work.ts'
import type { Attempts } from './attempts.ts'
import type { Callers } from '../session/callers.ts'
import { hashAgain, isOutdated, longestPassword, verifyPassword } from './password.ts'
import { stampOf, type Session, type Sessions } from '../session/session.ts'
import type { Tokens } from '../session/token.ts'

/**
 * The answer to a login (RFC 6749 §5.1).
 *
 * @example
 * const { access_token, expires_in } = await app.engine.auth!.begin(userId)
 */
export interface Granted {
  readonly access_token: string
  readonly token_type: 'Bearer'
  /** Seconds. */
  readonly expires_in: number
  readonly refresh_token: string
  readonly scope?: string
}

/** A session in a cookie, which scripts of a page cannot read. */
export interface CookieGrant {
  readonly token: string
  readonly seconds: number
  readonly scope: string
}

/** Begins, renews and ends sessions of the user resource. */
export interface Login {
  readonly users: Resource
  /** The members of a login's body: the field that names the user, and the password. */
  readonly members: readonly [id: string, secret: string]
  /**
   * Checks a login. Throws ApiError `validation`, `unauthenticated` (the same for every reason, so that nobody learns which
   * users exist), `rate_limited` or `unavailable`.
   */
  check(input: unknown, address: string): Promise<{ user: Row; scope: string }>
  /** Begins a session for a user who was recognised by a password or in another way. */
  begin(user: Row, scope: string): Promise<Granted>
  beginCookie(user: Row, scope: string): Promise<CookieGrant>
  /**
   * Exchanges a refresh token for new tokens. Throws ApiError `unauthenticated`. A token that was used before ends its session,
   * because two parties have it.
   */
  refresh(input: unknown): Promise<Granted>
  renewCookie(session: Session): Promise<CookieGrant>
  /** Ends the session of a refresh token. Does nothing if it is none. */
  endByRefresh(refresh: string): Promise<void>
}

export interface LoginOptions {
  readonly store: Store
  readonly users: Resource
  readonly id: ScalarField
  readonly secret: ScalarField
  readonly sessions: Sessions
  readonly callers: Callers
  readonly tokens: Tokens
  readonly attempts: Attempts
  readonly grant: (user: Row) => readonly string[]
  /** How many seconds an access token, and the session cookie, are valid. */
  readonly access: number
  readonly cookie: number
  readonly clock: () => number
}

export function createLogin(options: LoginOptions): Login {
  const { store, users, id, secret, sessions, tokens, attempts, clock } = options
  const storedOf = (user: Row): string | null => (user[secret.slot] as string | null) ?? null
  const stamp = (user: Row): string => stampOf(storedOf(user))
  const seconds = (): number => Math.floor(clock() / 1000)

  /** The name in stored form. null = no user can have this name. */
  function normalised(name: string): string | null {
    const value = id.type.check(name)
    return value instanceof Refused ? null : (value as string)
  }

  async function find(name: string): Promise<Row | undefined> {
    return store.read(function* (snapshot) {
      return yield* wait(snapshot.find(users, [id.slot], [name]))
    })
  }

  /** If the stored hash has another cost, hashes the password again while it is known. Sessions go on. */
  async function rehash(user: Row, password: string): Promise<Row> {
    const before = storedOf(user)!
    if (!isOutdated(before)) return user
    const hash = await hashAgain(password)
    return store.write(function* (tx) {
      const row = yield* wait(tx.get(users, user[ID] as Id))
      if (!row || row[secret.slot] !== before) return row ?? user
      const after = row.slice()
      after[secret.slot] = hash
      const restamped = yield* sessions.restamp(tx, row[ID] as Id, stampOf(before), stampOf(hash))
      const change = { resource: users, id: row[ID] as Id, before: row, after, changed: [secret.slot], lists: [] }
      yield* wait(tx.apply([{ ...change, op: 'patch' }, ...restamped], []))
      return after
    })
  }

  async function granted(session: Session, refresh: string): Promise<Granted> {
    const now = seconds()
    const access = { sub: String(session.user), sid: session.id, scope: session.scope, exp: now + options.access }
    return {
      access_token: await tokens.issue(access, now),
      token_type: 'Bearer',
      expires_in: options.access,
      refresh_token: refresh,
      ...(session.scope === '' ? {} : { scope: session.scope }),
    }
  }

  async function cookieOf(session: Session): Promise<CookieGrant> {
    const now = seconds()
    const access = { sub: String(session.user), sid: session.id, scope: session.scope, exp: now + options.cookie }
    return { token: await tokens.issue(access, now), seconds: options.cookie, scope: session.scope }
  }

  return {
    users,
    members: [id.name, secret.name],

    async check(input, address) {
      const asked = readLogin(input, id.name, secret.name)
      const name = normalised(asked.name)
      // All spellings of a name count as one account. Databases of other programs may ignore case.
      const account = fold(name ?? asked.name)
      await attempts.begin(address, account)
      const user = name === null ? undefined : await find(name)
      const holds = await verifyPassword(user ? storedOf(user) : null, asked.password)
      if (!user || !holds) throw new ApiError('unauthenticated', { detail: 'the name or the password is not right' })
      await attempts.succeeded(address, account)
      const has = options.grant(user)
      const wanted = asked.scope?.split(' ').filter(Boolean)
      const scope = wanted ? has.filter(word => wanted.includes(word)) : has
      return { user: await rehash(user, asked.password), scope: scope.join(' ') }
    },

    async begin(user, scope) {
      const { session, refresh } = await sessions.open(user, stamp(user), scope)
      return granted(session, refresh)
    },

    async beginCookie(user, scope) {
      const { session } = await sessions.open(user, stamp(user), scope)
      return cookieOf(session)
    },

    async refresh(input) {
      const refresh = readRefresh(input)
      const outcome = await sessions.rotate(refresh, users, stamp)
      if (outcome.kind === 'rotated') return granted(outcome.session, outcome.refresh)
      throw new ApiError('unauthenticated', { detail: 'the refresh token is not valid' })
    },

    async renewCookie(session) {
      await sessions.extend(session.id)
      return cookieOf(session)
    },

    async endByRefresh(refresh) {
      await sessions.rotate(refresh, users, stamp).then(async outcome => {
        if (outcome.kind === 'rotated') await sessions.end(outcome.session.id)
      })
    },
  }
}

interface Asked {
  readonly name: string
  readonly password: string
  readonly scope: string | null
}

function readLogin(input: unknown, idName: string, secretName: string): Asked {
  const body = objectOf(input)
  const issues: Issue[] = []
  const alias = !Object.hasOwn(body, idName) && Object.hasOwn(body, 'username') ? 'username' : idName
  const text = (name: string, most: number): string => {
    const value = Object.hasOwn(body, name) ? body[name] : undefined
    const at = pointer('#', name)
    if (value === undefined) issues.push({ code: 'required', pointer: at, detail: 'is required' })
    else if (typeof value !== 'string') issues.push({ code: 'type', pointer: at, detail: 'must be text' })
    else if (Buffer.byteLength(value) > most)
      issues.push({ code: 'length', pointer: at, detail: `must have at most ${most} bytes` })
    return typeof value === 'string' ? value : ''
  }
  const name = text(alias, longestPassword)
  const password = text(secretName, longestPassword)
  const scope = Object.hasOwn(body, 'scope') ? text('scope', longestPassword) : null
  refuseOthers(body, [alias, secretName, 'scope'], issues)
  if (issues.length) throw new ApiError('validation', { issues })
  return { name, password, scope }
}

function readRefresh(input: unknown): string {
  const body = objectOf(input)
  const issues: Issue[] = []
  const value = Object.hasOwn(body, 'refresh_token') ? body['refresh_token'] : undefined
  if (typeof value !== 'string')
    issues.push({
      code: value === undefined ? 'required' : 'type',
      pointer: '#/refresh_token',
      detail: 'must be the refresh token that the last answer gave',
    })
  refuseOthers(body, ['refresh_token'], issues)
  if (issues.length) throw new ApiError('validation', { issues })
  return value as string
}

function refuseOthers(body: Readonly<Record<string, unknown>>, known: readonly string[], issues: Issue[]): void {
  for (const name of Object.keys(body)) {
    if (!known.includes(name))
      issues.push({ code: 'unknown_field', pointer: pointer('#', name), detail: 'is not known here' })
  }
}

function objectOf(input: unknown): Readonly<Record<string, unknown>> {
  if (typeof input === 'object' && input !== null && !Array.isArray(input))
    return input as Readonly<Record<string, unknown>>
  throw new ApiError('validation', { issues: [{ code: 'type', pointer: '#', detail: 'must be an object' }] })
}
