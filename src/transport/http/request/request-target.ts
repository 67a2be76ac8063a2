import type { Id } from '../../../schema/field.ts'
import type { ScalarType } from '../../../schema/scalar-type.ts'
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

// Integer ids are parsed without a regular expression and without allocating.
function readInteger(text: string): number | null {
  const negative = text.charCodeAt(0) === 0x2d
  const start = negative ? 1 : 0
  const first = text.charCodeAt(start)
  if (text.length === start || text.length > 17 || (first === 0x30 && text !== '0')) return null
  for (let i = start; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 0x30
    if (!(digit >= 0 && digit <= 9)) return null
  }
  const value = Number(text)
  return Number.isSafeInteger(value) ? value : null
}

/** Parses the id in a path segment; null if it is not one. Only the canonical spelling names a row (protocol §1.2). */
export function readId(type: ScalarType, text: string): Id | null {
  if (text === '') return null
  if (type.name === 'integer' || type.key === 'integer') return readInteger(text)
  const id = type.readText(text)
  if (typeof id === 'string') return id === text ? id : null
  return typeof id === 'number' && String(id) === text ? id : null
}
