import type { Model } from '../../model/model.ts'
import type { Exchange } from './exchange.ts'
import type { Face } from './face.ts'
import { finish } from './finish.ts'

/** A page beside the resources: a document that is the same for everybody and needs no credentials. */
export interface Page {
  /** Below the mount, without a slash at the end: `/health`; `/` is the root. */
  readonly path: string
  readonly type: string
  /** Its Cache-Control. */
  readonly cache: string
  readonly text: () => string
}

/** The pages that every API has: the catalogue of its resources at `/`, and `/health`. */
export function standardPages(model: Model, prefix: string): Page[] {
  const resources: Record<string, string> = {}
  for (const resource of model.resources.values()) {
    if (resource.paths[0] !== undefined) resources[resource.name] = prefix + absolute(resource.paths[0])
  }
  const catalogue = JSON.stringify({ resources })
  return [
    { path: '/', type: 'application/json', cache: 'no-cache', text: () => catalogue },
    { path: '/health', type: 'application/json', cache: 'no-store', text: () => '{"status":"ok"}' },
  ]
}

const absolute = (path: string): string => (path.startsWith('/') ? path : `/${path}`)

export function sendPage(face: Face, exchange: Exchange, page: Page): void {
  const body = page.text()
  const fields = [
    'content-type',
    page.type,
    'content-length',
    String(Buffer.byteLength(body)),
    'cache-control',
    page.cache,
  ]
  finish(face, exchange, 200, fields, body)
}
