import { ApiError } from '../../../protocol/error.ts'
import { parseJson } from '../../../protocol/json.ts'
import type { Limits } from '../../../protocol/limits.ts'
import { ACCEPT_ENCODING, decoded, isDecodable } from './decompress.ts'
import type { Exchange } from '../exchange.ts'

/** Refuses a body by its announced length, before any of it is read (RFC 9110 §15.5.14). */
export function checkLength(exchange: Exchange, limit: number): void {
  if (exchange.contentLength !== undefined && Number(exchange.contentLength) > limit) throw bodyTooLarge(limit)
}

/** The error for a body over the limit, in bytes. It is thrown as soon as the limit is passed; the rest is not read. */
export const bodyTooLarge = (limit: number): ApiError =>
  new ApiError('payload_too_large', { detail: `The content is over ${limit} bytes` })

/** The body without its content coding. The limit applies to both forms. */
export function readBytes(exchange: Exchange, limit: number): Promise<Uint8Array> {
  const coding = exchange.contentEncoding
  if (coding === undefined) return exchange.body(limit)
  return exchange.body(limit).then(bytes => decoded(bytes, coding.toLowerCase(), limit))
}

/** The body as strictly parsed JSON. */
export async function readJson(exchange: Exchange, limits: Limits): Promise<unknown> {
  return parseJson(await readBytes(exchange, limits.body), limits)
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** The body as text, for forms. */
export async function readText(exchange: Exchange, limits: Limits): Promise<string> {
  const bytes = await readBytes(exchange, limits.body)
  try {
    return utf8.decode(bytes)
  } catch {
    throw new ApiError('bad_encoding')
  }
}

/** The media types of bodies that are understood. */
export type Media = 'json' | 'merge' | 'patch' | 'form' | 'multipart'

export const ACCEPT_POST = 'application/json'

export const ACCEPT_PATCH = 'application/merge-patch+json, application/json-patch+json, application/json'

/** A structured-field list of tokens and strings (RFC 10008 §3). */
export const ACCEPT_QUERY = 'application/json, application/x-www-form-urlencoded'

const ACCEPT_ACTION = 'application/json, application/x-www-form-urlencoded, multipart/form-data'

/** Methods with a body. ACTION stands for any method of an action. */
export type BodyMethod = 'POST' | 'PUT' | 'PATCH' | 'QUERY' | 'ACTION'

interface Body {
  /** Header fields that tell the client what would be understood. */
  readonly advertise: Readonly<Record<string, string>>
  readonly understood: ReadonlySet<Media>
}

const bodies: Readonly<Record<BodyMethod, Body>> = {
  POST: { advertise: { 'accept-post': ACCEPT_POST, accept: ACCEPT_POST }, understood: new Set(['json']) },
  PUT: { advertise: { accept: ACCEPT_POST }, understood: new Set(['json']) },
  PATCH: {
    advertise: { 'accept-patch': ACCEPT_PATCH, accept: ACCEPT_PATCH },
    understood: new Set(['json', 'merge', 'patch']),
  },
  QUERY: { advertise: { 'accept-query': ACCEPT_QUERY, accept: ACCEPT_QUERY }, understood: new Set(['json', 'form']) },
  ACTION: {
    advertise: { 'accept-post': ACCEPT_ACTION, accept: ACCEPT_ACTION },
    understood: new Set(['json', 'form', 'multipart']),
  },
}

function readMedia(type: string | undefined): Media | null {
  if (type === undefined) return null
  if (type === 'application/json') return 'json'
  const semicolon = type.indexOf(';')
  // JSON:API 1.1 (Server Responsibilities): parameters other than `profile` must be refused.
  if (/^application\/vnd\.api\+json\s*;(?!\s*profile=[^;]*$)/i.test(type)) return null
  if (semicolon >= 0 && !isUtf8(type.slice(semicolon + 1))) return null
  switch ((semicolon < 0 ? type : type.slice(0, semicolon)).trim().toLowerCase()) {
    case 'application/json':
      return 'json'
    case 'application/merge-patch+json':
      return 'merge'
    case 'application/json-patch+json':
      return 'patch'
    case 'application/x-www-form-urlencoded':
      return 'form'
    case 'multipart/form-data':
      return 'multipart'
  }
  return /^application\/[\w.!#$&^-]+\+json$/i.test((semicolon < 0 ? type : type.slice(0, semicolon)).trim())
    ? 'json'
    : null
}

// JSON must be UTF-8 (RFC 8259 §8.1). Other parameters have no meaning here.
function isUtf8(parameters: string): boolean {
  for (const parameter of parameters.split(';')) {
    const [name, value] = parameter.split('=')
    if (name!.trim().toLowerCase() !== 'charset') continue
    const charset = (value ?? '').trim().replaceAll('"', '').toLowerCase()
    if (charset !== 'utf-8' && charset !== 'utf8') return false
  }
  return true
}

/**
 * The media type of a body that is about to be read. Throws ApiError `unsupported_media_type`, `unsupported_encoding`, or
 * `payload_too_large` if more bytes are announced than `limit`.
 */
export function mediaOf(exchange: Exchange, method: BodyMethod, limit: number): Media {
  if (exchange.contentEncoding !== undefined && !isDecodable(exchange.contentEncoding.toLowerCase())) {
    throw new ApiError('unsupported_encoding', { headers: { 'accept-encoding': ACCEPT_ENCODING } })
  }
  const media = readMedia(exchange.contentType)
  const { advertise, understood } = bodies[method]
  if (media === null || !understood.has(media)) {
    const given = exchange.contentType === undefined ? 'no content type' : `not ${exchange.contentType.slice(0, 100)}`
    const detail = `the body is to be ${advertise['accept']!.replaceAll(', ', ' or ')}, ${given}`
    throw new ApiError('unsupported_media_type', { detail, headers: advertise })
  }
  if (exchange.contentLength !== undefined && Number(exchange.contentLength) > limit) throw bodyTooLarge(limit)
  return media
}
