import type { Credentials } from './principal.ts'

/**
 * Whether a request with cookies comes from a page that may send it: one of this host, or one of an origin in the list.
 * Browsers state the origin of a request (Origin, Sec-Fetch-Site) whenever it is not a plain visit. A request that states
 * neither is refused (rfc6265bis §8.8, Fetch §3.2).
 */
export function isAllowedOrigin(credentials: Credentials, origins: ReadonlySet<string>): boolean {
  const origin = credentials.header('origin')
  if (origin !== undefined && origins.has(origin)) return true
  const site = credentials.header('sec-fetch-site')
  if (site !== undefined) return site === 'same-origin' || (site === 'none' && origin === undefined)
  return origin !== undefined && isOwn(origin, credentials.header('host'))
}

function isOwn(origin: string, host: string | undefined): boolean {
  if (host === undefined || !URL.canParse(origin)) return false
  const url = new URL(origin)
  return (url.protocol === 'https:' || url.protocol === 'http:') && url.host === host.toLowerCase()
}
