import type { Principal } from '../../../auth/principal.ts'
import type { Page, PageBytes } from '../endpoint.ts'
import { createHash } from 'node:crypto'
import { outlinesOf } from '../../../model/outline.ts'
import type { Model } from '../../../model/model.ts'
import { ApiError } from '../../../protocol/error.ts'
import type { Exchange } from '../exchange.ts'
import type { Face } from '../face.ts'
import { finishResponse } from './send.ts'

/** The pages of every API: the catalogue of resources at `/`, and `/health`. */
export function standardPages(model: Model, prefix: string): Page[] {
  const resources: Record<string, string> = {}
  for (const resource of model.resources.values()) {
    if (resource.paths[0] !== undefined) resources[resource.name] = prefix + absolute(resource.paths[0])
  }
  const catalogue = JSON.stringify({ resources, outlines: outlinesOf(model) })
  return [
    { path: '/', type: 'application/json', cache: 'no-cache', text: () => catalogue },
    { path: '/health', type: 'application/json', cache: 'no-store', text: () => '{"status":"ok"}' },
  ]
}

const absolute = (path: string): string => (path.startsWith('/') ? path : `/${path}`)

/**
 * Sends a page. If it may be cached, it has an entity tag, and a client that has the current version gets 304 (RFC 9110
 * §13.1.2).
 */
export function sendPage(face: Face, exchange: Exchange, found: Page): void | Promise<void> {
  const { authorize } = found
  if (!authorize) return showPage(face, exchange, found)
  const show = (principal: Principal | null): void | Promise<void> => {
    authorize(principal)
    return showPage(face, exchange, found)
  }
  const principal = face.engine.authenticate?.(exchange) ?? null
  return principal instanceof Promise ? principal.then(show) : show(principal)
}

function showPage(face: Face, exchange: Exchange, found: Page): void | Promise<void> {
  const page = found.choose ? found.choose(exchange.query, exchange.accept) : found
  if (page === null) throw new ApiError('not_found')
  const text = page.text()
  if (text instanceof Promise) return text.then(body => sendText(face, exchange, found, page, body))
  sendText(face, exchange, found, page, text)
}

function sendText(face: Face, exchange: Exchange, found: Page, page: Page, text: string | PageBytes): void {
  const fields = ['cache-control', found.authorize ? `private, ${page.cache}` : page.cache, ...(page.fields?.() ?? [])]
  if (page.cache !== 'no-store') {
    const etag = `"${typeof text === 'string' ? tagOf(page, text) : text.tag}"`
    fields.push('etag', etag)
    if (exchange.ifNoneMatch !== undefined && names(exchange.ifNoneMatch, etag)) {
      return finishResponse(face, exchange, 304, fields, null)
    }
  }
  const body = typeof text === 'string' ? text : text.bytes
  fields.push('content-type', page.type, 'content-length', String(Buffer.byteLength(body)))
  finishResponse(face, exchange, 200, fields, body)
}

/** The tags of pages with the texts that they are made of. */
const tags = new WeakMap<Page, { readonly text: string; readonly tag: string }>()

function tagOf(page: Page, text: string): string {
  const known = tags.get(page)
  if (known?.text === text) return known.tag
  const tag = createHash('sha256').update(text).digest('base64url').slice(0, 22)
  tags.set(page, { text, tag })
  return tag
}

/** Whether If-None-Match contains a tag, by weak comparison (RFC 9110 §8.8.3.2). */
function names(ifNoneMatch: string, etag: string): boolean {
  return ifNoneMatch.split(',').some(one => one.trim() === '*' || one.trim().replace(/^W\//, '') === etag)
}
