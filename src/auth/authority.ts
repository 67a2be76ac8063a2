import type { Maybe } from '../store/work.ts'
import type { Credentials, Identity, Principal } from './principal.ts'

/** Another way to recognise callers and to decide what they may do, in place of our own logins, tokens and scopes. */
export interface Authority {
  /** Finds the caller. null = anonymous. Throws ApiError for invalid credentials. */
  identify(credentials: Credentials): Maybe<Identity | null>
  /**
   * Throws ApiError unless the caller may do this. `operation` is `list`, `get`, `create`, `replace`, `patch`, `delete` or, if
   * `isAction`, the name of an action.
   */
  authorize(principal: Principal | null, resource: string, operation: string, isAction: boolean): void
  /** How requests carry credentials, by name: security schemes of OpenAPI. */
  readonly schemes: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}
