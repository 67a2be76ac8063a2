import { ApiError } from '../../../protocol/error.ts'
import type { Exchange } from '../exchange.ts'

/**
 * The path of a request target, still encoded; `*` for `OPTIONS *`. Throws ApiError `bad_request` for the URI of another
 * server.
 */
export function pathOf(exchange: Exchange): string {
  const target = originForm(exchange)
  const mark = target.indexOf('?')
  return mark < 0 ? target : target.slice(0, mark)
}

/** The text after the `?`, still encoded; empty if there is none. */
export function queryOf(exchange: Exchange): string {
  const target = exchange.target
  const mark = target.indexOf('?')
  return mark < 0 ? '' : target.slice(mark + 1)
}

// The absolute form is accepted (RFC 9112 §3.2.2), but only for this host: this is not a proxy.
function originForm({ target, host }: Exchange): string {
  if (target.charCodeAt(0) === 0x2f || target === '*') return target
  const scheme = target.indexOf('://')
  const start = scheme < 0 ? -1 : scheme + 3
  if (start > 0) {
    const slash = target.indexOf('/', start)
    const end = slash < 0 ? target.length : slash
    if (target.slice(start, end).toLowerCase() === host?.toLowerCase()) return slash < 0 ? '/' : target.slice(slash)
  }
  throw new ApiError('bad_request', { detail: 'The request target is not a path of this server' })
}
