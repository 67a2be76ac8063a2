import type { Maybe } from '../store/work.ts'
import type { Credentials, Identity, Principal } from './principal.ts'

/** Another way to know callers and what they may, in the place of logins, tokens and scopes of our own. */
export interface Authority {
  /** Who calls; null = nobody known. Throws ApiError for credentials that do not hold. */
  identify(credentials: Credentials): Maybe<Identity | null>
  /**
   * Throws ApiError unless the caller may. `operation` is `list get create replace patch delete`, or the name of an action
   * where `isAction` says so.
   */
  authorize(principal: Principal | null, resource: string, operation: string, isAction: boolean): void
  /** How requests carry credentials, by name: security schemes of OpenAPI. */
  readonly schemes: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}
