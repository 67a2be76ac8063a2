import type { Id } from '../model/model.ts'
import type { Commit, Snapshot } from '../store/store.ts'
import type { Maybe, Work } from '../store/work.ts'

/** Who calls. Its members are what rules and functions of the declaration see as `me`. */
export interface Principal {
  readonly id: Id
  readonly [member: string]: unknown
}

/** What a face shows of a request so that the engine can find out who calls. Header names in lower case. */
export interface Credentials {
  readonly face: 'http' | 'sse' | 'websocket' | 'socketio' | 'code'
  /** The method of a request; absent where there is none. A cookie needs an Origin wherever it is not a safe one. */
  readonly method?: string
  /** Address of the client, or of the nearest proxy that is not trusted; absent where there is no network. */
  readonly address?: string | undefined
  header(name: string): string | undefined
}

/** Finds out who calls; null = anonymous. Throws ApiError `unauthenticated` for credentials that do not hold. */
export type Authenticate = (credentials: Credentials) => Maybe<Principal | null>

/** Who somebody is who stays, at any state of the store. */
export interface Standing {
  /** Whose row and sessions decide it. */
  readonly user: Id
  /** The principal in a snapshot: the same object as long as nothing about it changed, null once the session has ended. */
  at(snapshot: Snapshot): Work<Principal | null>
  /** Whether commits changed more of the user than sessions: what it may see may be other than before them. */
  changedBy(commits: readonly Commit[]): boolean
}

/** Who calls on a connection that stays, and how long. */
export interface Identity {
  readonly principal: Principal
  /** Milliseconds since the epoch at which the token ends; null = it does not. */
  readonly expires: number | null
}
