import type { Id } from '../model/model.ts'
import type { Commit, Snapshot } from '../store/store.ts'
import type { Maybe, Work } from '../store/work.ts'

/** The caller. Its members are what rules and functions of the declaration see as `me`. */
export interface Principal {
  readonly id: Id
  readonly [member: string]: unknown
}

/** The parts of a request from which the caller is found out. Names of header fields are in lower case. */
export interface Credentials {
  readonly face: 'http' | 'sse' | 'websocket' | 'socketio' | 'code'
  /**
   * The method of the request. Absent = there is no request, as on a socket. A cookie needs an Origin unless the method is a
   * safe one.
   */
  readonly method?: string
  /** The address of the client, or of the nearest proxy that is not trusted. Absent = there is no network. */
  readonly address?: string | undefined
  header(name: string): string | undefined
}

/** The same credentials as plain data, which functions of the application may destructure, spread and pass on. */
export function plainCredentials(credentials: Credentials): Credentials {
  const { face, method } = credentials
  return {
    face,
    ...(method !== undefined && { method }),
    get address() {
      return credentials.address
    },
    header: name => credentials.header(name),
  }
}

/**
 * Finds out who calls. null = anonymous. Throws ApiError `unauthenticated` for invalid credentials.
 * @example
 * const authenticate: Authenticate = ({ header }) => header('x-user') === 'ada' ? { id: 1, role: 'admin' } : null
 */
export type Authenticate = (credentials: Credentials) => Maybe<Principal | null>

/** The caller on a connection that stays open, at any state of the store. */
export interface Standing {
  /** The user whose row and sessions determine the caller. */
  readonly user: Id
  /** The caller in a snapshot. It is the same object as long as nothing about it has changed. null = the session has ended. */
  at(snapshot: Snapshot): Work<Principal | null>
  /** Whether commits changed the user's row, so that the user may now see other rows. Changes of sessions do not count. */
  changedBy(commits: readonly Commit[]): boolean
}

/** The caller on a connection that stays open, and how long it is valid. */
export interface Identity {
  readonly principal: Principal
  /** The end of the token, in milliseconds since the epoch. null = it has none. */
  readonly expires: number | null
}
