import type { Readable } from 'node:stream'
import { send as readFile, mime, type FileSendResult } from '@fastify/send'
import { isGet } from '../../../protocol/method.ts'
import type { StaticFiles } from '../endpoint.ts'
import type { Exchange, FieldLines } from '../exchange.ts'
import type { Face } from '../face.ts'
import { takesCoding } from '../response/compress.ts'
import { complete, finishResponse } from '../response/send.ts'
import { passOn } from '../response/stream-bytes.ts'

/** How many bytes may wait for a slow client before reading stops. */
const MOST_WAITING = 262_144

/** Endings of files that were compressed by a build, the smallest first. */
const PRECOMPRESSED = [
  ['br', '.br'],
  ['zstd', '.zst'],
  ['gzip', '.gz'],
] as const

/**
 * The files of a folder, and its `index.html` for all other paths that a browser opens, so that a page with routes of its own can be
 * reloaded anywhere.
 */
export function staticFiles(folder: string): StaticFiles {
  return async (face, exchange) => {
    const { path } = exchange
    if (!isGet(exchange.method)) return false
    const found =
      (await findFile(folder, path.endsWith('/') ? `${path}index.html` : path, exchange)) ??
      (wantsPage(exchange) ? await findFile(folder, '/index.html', exchange) : null)
    if (found === null) return false
    exchange.route = 'static'
    await sendFile(face, exchange, found)
    return true
  }
}

/** Whether a browser opens an address, and does not load a part of a page. */
export function wantsPage({ accept }: Exchange): boolean {
  return accept !== undefined && /(?:^|[\s,])(?:text\/html|application\/xhtml\+xml)\s*(?:[;,]|$)/i.test(accept)
}

interface FoundFile {
  readonly sent: FileSendResult
  readonly path: string
  /** null = the file is not compressed. */
  readonly coding: string | null
}

async function findFile(folder: string, path: string, exchange: Exchange): Promise<FoundFile | null> {
  for (const [coding, ending] of PRECOMPRESSED) {
    if (exchange.acceptEncoding === undefined || !takesCoding(exchange.acceptEncoding, coding)) continue
    const sent = await readPath(folder, path + ending, exchange)
    if (sent) return { sent, path, coding }
  }
  const sent = await readPath(folder, path, exchange)
  return sent && { sent, path, coding: null }
}

async function readPath(folder: string, path: string, exchange: Exchange): Promise<FileSendResult | null> {
  // Only these fields are read of the request.
  const headers: Record<string, string> = {}
  for (const name of ['if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since', 'if-range', 'range']) {
    const value = exchange.header(name)
    if (value !== undefined) headers[name] = value
  }
  const request = { method: exchange.method, headers } as unknown as Readable
  const options = { root: folder, dotfiles: 'ignore', index: false, cacheControl: false, contentType: false } as const
  const result = await readFile(request, path, options)
  if (result.type === 'file' || result.statusCode === 416 || result.statusCode === 412) return result as FileSendResult
  return null
}

async function sendFile(face: Face, exchange: Exchange, { sent, path, coding }: FoundFile): Promise<void> {
  const { statusCode: status, headers, stream } = sent
  const isFile = status === 200 || status === 206
  const fields: FieldLines = ['cache-control', cacheOf(path)]
  for (const [name, value] of Object.entries(headers))
    if (isFile || !/^content-(?!range)/i.test(name)) fields.push(name.toLowerCase(), value)
  if (coding !== null && isFile) fields.push('content-encoding', coding)
  if (isFile) fields.push('content-type', typeOf(path))
  if (!isFile || exchange.method === 'HEAD') {
    stream.destroy()
    if (!isFile) fields.push('content-length', '0')
    return finishResponse(face, exchange, status, fields, null)
  }
  complete(face, exchange, fields)
  face.observe?.(exchange, status, fields)
  await passOn(stream as AsyncIterable<Uint8Array>, exchange.open(status, fields), MOST_WAITING)
}

/** Names in a folder `assets` that hold a hash of the content, as Vite and Rollup write them, never change their content. */
function cacheOf(path: string): string {
  const isHashed = /\/assets\/(?:.*\/)?[^/]*[-.][\w-]{8,}\.\w+(?:\.map)?$/.test(path)
  return isHashed ? 'public, max-age=31536000, immutable' : 'no-cache'
}

function typeOf(path: string): string {
  const type = mime.getType(path) ?? 'application/octet-stream'
  return /^text\/|javascript|json|svg/.test(type) ? `${type}; charset=utf-8` : type
}
