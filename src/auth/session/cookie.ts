import { parseCookie, stringifySetCookie } from 'cookie'

/** How the cookie of a session is set. */
export interface CookieOptions {
  /** Default `__Host-session`: such a cookie belongs to this host alone and comes over TLS only (rfc6265bis §4.1.3.2). */
  readonly name?: string
  /** Default Lax. */
  readonly sameSite?: 'Lax' | 'Strict'
  /** Seconds that it lasts without being renewed. Default: as long as the session. */
  readonly seconds?: number
  /** Pages of these origins may use it, beside those of the own host: `https://app.example`. */
  readonly origins?: readonly string[]
}

/** The value of a cookie in a `Cookie` header, undefined if it is not there. The first of two counts. */
export function cookieIn(header: string | undefined, name: string): string | undefined {
  return header === undefined ? undefined : parseCookie(header)[name]
}

/** The `Set-Cookie` of a session; an empty value with no seconds left ends it. */
export function setCookie(name: string, value: string, seconds: number, sameSite: 'Lax' | 'Strict'): string {
  const lower = sameSite === 'Lax' ? 'lax' : 'strict'
  return stringifySetCookie({ name, value, maxAge: seconds, path: '/', httpOnly: true, secure: true, sameSite: lower })
}

/** Why a cookie may not have this name, or null. */
export function cookieFault(name: string): string | null {
  return /^[\w!#$%&'*+.^`|~-]{1,64}$/.test(name) ? null : `auth.cookie.name "${name}" is not a name of a cookie`
}
