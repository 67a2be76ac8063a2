import { isDeepStrictEqual } from 'node:util'
import { FIRST, ID, type Id, type Resource, type Row } from '../../model/model.ts'
import type { Snapshot, Store } from '../../store/store.ts'
import { chain, wait, type Maybe, type Work } from '../../store/work.ts'
import type { Principal } from '../principal.ts'
import type { Sessions } from './session.ts'
import type { AccessClaims } from './token.ts'

/** Returns the scopes of a user. A token never has more. */
export type Grant = (user: Principal) => readonly string[]

export interface CallersOptions {
  readonly store: Store
  readonly users: Resource
  readonly sessions: Sessions
  readonly grant: Grant
  /** What a session remembers of a user's password. */
  readonly stampOf: (user: Row) => string
  readonly clock: () => number
}

/** The caller with the tokens of one session, as long as nothing about it changes. */
interface Caller {
  readonly principal: Principal
  readonly session: Row
  readonly user: Row
  /** Position of the newest change to users and sessions when it was checked. */
  seen: number
}

const most = 10_000

/**
 * Finds out whether a session is still valid and who its caller is. A session has the same Principal object until its row or
 * its user's row changes, so that permissions which were made for the object can be reused.
 * The store is asked each time, so that a session never outlives the commit that ended it. Usually that is the question for the
 * position, which all reads of a turn share.
 */
export class Callers {
  readonly #options: CallersOptions
  readonly #known = new Map<string, Caller>()

  constructor(options: CallersOptions) {
    this.#options = options
  }

  /** The caller of a session. null = it has ended. */
  of(access: AccessClaims): Maybe<Principal | null> {
    const known = this.#known.get(access.sid)
    const found = this.#options.store.read(snapshot => this.#look(snapshot, access, known), known && { row: null })
    return chain(found, caller => {
      if (caller === null) {
        this.#known.delete(access.sid)
        return null
      }
      if (caller !== known) this.#remember(access.sid, caller)
      return this.#holds(caller, access) ? caller.principal : null
    })
  }

  /** The caller of a session in a snapshot. null = it has ended there. */
  *at(snapshot: Snapshot, access: AccessClaims): Work<Principal | null> {
    const known = this.#known.get(access.sid)
    const caller = yield* this.#look(snapshot, access, known)
    if (caller === null) return null
    if (caller !== known && !(known && known.seen > caller.seen)) this.#remember(access.sid, caller)
    return this.#holds(caller, access) ? caller.principal : null
  }

  /** Forgets what is known about a session. */
  forget(sid: string): void {
    this.#known.delete(sid)
  }

  close(): void {
    this.#known.clear()
  }

  *#look(snapshot: Snapshot, access: AccessClaims, known: Caller | undefined): Work<Caller | null> {
    const { users, sessions, stampOf } = this.#options
    const seen = Math.max(snapshot.changed(users), snapshot.changed(sessions.resource))
    if (known?.seen === seen) return known
    const session = yield* wait(snapshot.get(sessions.resource, access.sid))
    if (!session) return null
    const user = yield* wait(snapshot.get(users, sessions.userOf(session)))
    if (!user || stampOf(user) !== sessions.stampOf(session)) return null
    if (known && isSameRow(known.user, user) && isSameRow(known.session, session)) {
      known.seen = seen
      return known
    }
    const principal = known && isSameRow(known.user, user) ? known.principal : this.#principalOf(user, access.scope)
    return { principal, session, user, seen }
  }

  #holds({ principal, session }: Caller, access: AccessClaims): boolean {
    return String(principal.id) === access.sub && this.#options.sessions.expiresOf(session) > this.#options.clock()
  }

  #remember(sid: string, caller: Caller): void {
    this.#known.delete(sid)
    if (this.#known.size >= most) this.#known.delete(this.#known.keys().next().value!)
    this.#known.set(sid, caller)
  }

  /** All scopes of a user. */
  scopesOf(user: Row): readonly string[] {
    return this.#options.grant(this.#membersOf(user))
  }

  /** The user's row as `me`, with the scopes that both the user and the token have. */
  #principalOf(user: Row, scope: string): Principal {
    const members = this.#membersOf(user)
    const words = scope.split(' ')
    const scopes = new Set(this.#options.grant(members).filter(word => words.includes(word)))
    return Object.freeze({ ...members, scopes })
  }

  /** A user with all scopes, without a session. null = there is no such user. */
  async userOf(id: Id): Promise<Principal | null> {
    const { store, users } = this.#options
    const user = await store.read(function* (snapshot) {
      return yield* wait(snapshot.get(users, id))
    })
    return user ? this.#principalOf(user, this.scopesOf(user).join(' ')) : null
  }

  /** The stored fields without the password. */
  #membersOf(user: Row): Principal {
    const members: { id: Id; [member: string]: unknown } = { id: user[ID] as Id }
    for (const field of this.#options.users.columns) {
      if (!field.type.secret) members[field.name] = user[field.slot]
    }
    return members
  }
}

/** Whether two rows have the same values. Versions do not count: they also change with lists that are not part of the row. */
function isSameRow(a: Row, b: Row): boolean {
  if (a === b) return true
  for (let i = FIRST; i < a.length; i++) if (a[i] !== b[i] && !isDeepStrictEqual(a[i], b[i])) return false
  return true
}
