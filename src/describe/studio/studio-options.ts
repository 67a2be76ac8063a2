import type { Credentials, Principal } from '../../auth/principal.ts'
import { isDevelopment } from '../../engine/rules/report-refusal.ts'

/** Decides about a caller of the studio, by who it is and where the request comes from. */
export type StudioRule = (who: Principal | null, from: Credentials) => boolean

/** Who may use the studio, and for what. */
export interface StudioOptions {
  /**
   * Who may use what the studio shows beyond the public API: rules, verdicts, connections, subscriptions, the newest changes.
   * Everybody else can still open the page, and then sees exactly what the API shows them. Default: browsers on this machine, in
   * development.
   *
   * @example
   * api({ todo }, { studio: { use: me => me?.role === 'admin' } })
   */
  readonly use?: StudioRule
  /** Who may look as another user. Each time is logged. Default: those who may use the studio by default, else nobody. */
  readonly lookAs?: StudioRule
}

/** The rules of a studio, completed. null = there is none. */
export function studioRules(given: boolean | StudioOptions = isDevelopment()): Required<StudioOptions> | null {
  if (given === false) return null
  const { use = byDefault, lookAs = byDefault } = given === true ? {} : given
  // Who may not use the studio may not use it as somebody else either.
  return { use, lookAs: (who, from) => use(who, from) && lookAs(who, from) }
}

/**
 * Whether a request comes from this machine, in development. The host is checked as well: the page of a stranger could otherwise
 * let its name point to this machine. A proxy on this machine forwards requests of others.
 */
function byDefault(_: Principal | null, from: Credentials): boolean {
  const isForwarded = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'via'].some(name => from.header(name))
  return isDevelopment() && !isForwarded && isLoopback(from.address) && isLocalHost(from.header('host'))
}

function isLoopback(address: string | undefined): boolean {
  return address !== undefined && /^(?:127(?:\.\d+){3}|::1|::ffff:127(?:\.\d+){3})$/.test(address)
}

function isLocalHost(host: string | undefined): boolean {
  return host !== undefined && /^(?:localhost|127(?:\.\d+){3}|\[::1\])(?::\d+)?$/i.test(host)
}
