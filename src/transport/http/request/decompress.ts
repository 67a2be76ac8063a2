import { brotliDecompress, gunzip, inflate, zstdDecompress, type ZlibOptions } from 'node:zlib'
import { ApiError } from '../../../protocol/error.ts'

type Decoder = (
  bytes: Uint8Array,
  options: Pick<ZlibOptions, 'maxOutputLength'>,
  done: (error: NodeJS.ErrnoException | null, decoded: Buffer) => void,
) => void

/** Content codings in which bodies are accepted (RFC 9110 §8.4.1), one at a time. */
const decoders: ReadonlyMap<string, Decoder> = new Map<string, Decoder>([
  ['zstd', zstdDecompress],
  ['br', brotliDecompress],
  ['gzip', gunzip],
  ['x-gzip', gunzip],
  ['deflate', inflate],
])

/** What is accepted, for the response to other codings. */
export const ACCEPT_ENCODING = 'zstd, br, gzip, deflate, identity'

/** Whether a body in this content coding can be read. Other codings get 415, with `Accept-Encoding` in the answer. */
export function isDecodable(coding: string): boolean {
  return coding === 'identity' || decoders.has(coding)
}

/**
 * Decodes a body. Never more than `limit` bytes are produced, whatever the input expands to: throws ApiError
 * `payload_too_large` there, and `bad_request` for malformed input.
 */
export function decoded(bytes: Uint8Array, coding: string, limit: number): Promise<Uint8Array> {
  const decode = decoders.get(coding)
  if (!decode || bytes.length === 0) return Promise.resolve(bytes)
  return new Promise((resolve, reject) => {
    decode(bytes, { maxOutputLength: limit }, (error, found) => {
      if (error === null) resolve(found)
      else if (error.code === 'ERR_BUFFER_TOO_LARGE') {
        reject(new ApiError('payload_too_large', { detail: `The content is over ${limit} bytes` }))
      } else reject(new ApiError('bad_request', { detail: `The content is not ${coding}`, cause: error }))
    })
  })
}
