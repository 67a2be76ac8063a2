import type { Limits } from '../protocol/limits.ts'
import type { Model } from '../model/model.ts'
import type { Maybe } from '../store/work.ts'
import type { Call, Outcome, Principal } from './call.ts'

/** What a face shows of a request so that the engine can find out who calls. Header names in lower case. */
export interface Credentials {
  readonly face: 'http' | 'sse' | 'websocket' | 'socketio' | 'code'
  header(name: string): string | undefined
}

/** The engine as faces see it. */
export interface Engine {
  readonly model: Model
  readonly limits: Limits
  readonly epoch: string
  readonly mode: 'json' | 'cast'
  /** Milliseconds since the epoch. */
  readonly clock: () => number
  /** Who calls; throws ApiError `unauthenticated` for credentials that do not hold. */
  authenticate(credentials: Credentials): Maybe<Principal | null>
  /** Runs a call through the pipeline. Never throws and never rejects: every fault is an Outcome of kind `failure`. */
  handle(call: Call): Maybe<Outcome>
}
