import { ApiError } from '../../../protocol/error.ts'
import { parseJson } from '../../../protocol/json.ts'
import type { Limits } from '../../../protocol/limits.ts'
import { decoded } from './decompress.ts'
import type { Exchange } from '../exchange.ts'

/** Refuses a body by its announced length, before any of it is read (RFC 9110 §15.5.14). */
export function checkLength(exchange: Exchange, limit: number): void {
  if (exchange.contentLength !== undefined && Number(exchange.contentLength) > limit) throw bodyTooLarge(limit)
}

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
