import { getOrThrow } from '../../protocol/get-or-throw.ts'
import type { Model, Resource, Row, ScalarField } from '../../model/model.ts'
import type { Store } from '../../store/store.ts'
import { Attempts, type AttemptLimits } from './attempts.ts'
import { Callers, type Grant } from '../session/callers.ts'
import type { CookieOptions } from '../session/cookie.ts'
import { createLogin, type Login } from './login.ts'
import { sessionName, sessionsOf, stampOf, type Sessions } from '../session/session.ts'
import type { Tokens } from '../session/token.ts'
import { Watches } from '../session/watches.ts'

/** What a resource with a login adds. */
export interface OwnUsers {
  readonly users: Resource
  readonly sessions: Sessions
  readonly callers: Callers
  readonly watches: Watches
  readonly login: Login
  /** All scopes of a user. */
  readonly grant: (user: Row) => readonly string[]
}

/** The options that concern our own users. Durations are in seconds. */
export interface OwnUserOptions {
  readonly access?: number
  readonly session?: number
  readonly grace?: number
  readonly scopes?: Readonly<Record<string, readonly string[]>>
  readonly grant?: Grant
  readonly cookie?: CookieOptions | false
  readonly attempts?: AttemptLimits | false
}

export interface OwnUserEnvironment {
  readonly model: Model
  readonly store: Store
  readonly clock: () => number
  readonly random: (bytes: number) => Uint8Array
}

const day = 86_400

export function ownUsers(
  users: Resource,
  given: OwnUserOptions,
  { model, store, clock, random }: OwnUserEnvironment,
  tokens: Tokens,
): OwnUsers {
  const id = users.field.get(users.login!.id) as ScalarField
  const secret = users.field.get(users.login!.secret) as ScalarField
  const seconds = given.session ?? 30 * day
  const grace = given.grace ?? 5
  const sessions = sessionsOf(store, getOrThrow(model.resources, sessionName), { seconds, grace, clock, random })
  const stamp = (user: Row): string => stampOf(user[secret.slot] as string | null)
  const grant = given.grant ?? defaultGrant(users, given.scopes ?? {})
  const callers = new Callers({ store, users, sessions, grant, stampOf: stamp, clock })
  const scopesOf = (user: Row): readonly string[] => callers.scopesOf(user)
  const login = createLogin({
    store,
    users,
    id,
    secret,
    sessions,
    callers,
    tokens,
    attempts: new Attempts(store, given.attempts === false ? { account: 0, address: 0 } : given.attempts),
    grant: scopesOf,
    access: given.access ?? 900,
    cookie: (given.cookie ? given.cookie.seconds : undefined) ?? seconds,
    clock,
  })
  return { users, sessions, callers, watches: new Watches(store, users, sessions), login, grant: scopesOf }
}

/** The scopes in the user's field `scopes`. Without such a field every user has all scopes that the API asks for. */
function defaultGrant(users: Resource, scopes: Readonly<Record<string, readonly string[]>>): Grant {
  const field = users.field.get('scopes')
  if (field?.is === 'scalar' && field.type.list) return user => (user['scopes'] as readonly string[] | null) ?? []
  const all = [...new Set(Object.values(scopes).flat())]
  return () => all
}
