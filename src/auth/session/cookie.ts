import { parseCookie, stringifySetCookie } from 'cookie'

/** How the session cookie is set. */
export interface CookieOptions {
  /**
   * Default: `__Host-session`. A cookie with this prefix belongs to this host only, and is only sent over TLS (rfc6265bis
   * §4.1.3.2).
   */
  readonly name?: string
  /** Default: Lax. */
  readonly sameSite?: 'Lax' | 'Strict'
  /** How many seconds it is valid if it is not renewed. Default: as long as the session. */
  readonly seconds?: number
  /** Origins whose pages may use it, beside those of the API's own host: `https://app.example`. */
  readonly origins?: readonly string[]
}

/** The value of a cookie in a `Cookie` header. If it is there twice, the first one counts. undefined = it is missing. */
export function cookieIn(header: string | undefined, name: string): string | undefined {
  return header === undefined ? undefined : parseCookie(header)[name]
}

/** Makes the `Set-Cookie` of a session. An empty value with 0 seconds deletes it. */
export function setCookie(name: string, value: string, seconds: number, sameSite: 'Lax' | 'Strict'): string {
  const lower = sameSite === 'Lax' ? 'lax' : 'strict'
  return stringifySetCookie({ name, value, maxAge: seconds, path: '/', httpOnly: true, secure: true, sameSite: lower })
}

/** Why a cookie may not have this name. null = it may. */
export function cookieFault(name: string): string | null {
  return /^[\w!#$%&'*+.^`|~-]{1,64}$/.test(name) ? null : `auth.cookie.name "${name}" is not a name of a cookie`
}
