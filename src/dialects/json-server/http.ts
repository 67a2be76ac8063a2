import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { ApiError } from '../../protocol/error.ts'
import { parseJson } from '../../protocol/json.ts'
import { isGet } from '../../protocol/method.ts'
import type { ServiceEndpoint } from '../../transport/http/endpoint.ts'
import type { Exchange, FieldLines } from '../../transport/http/exchange.ts'
import type { Face } from '../../transport/http/face.ts'
import { checkLength, readText } from '../../transport/http/request/body.ts'
import { readParameters } from '../../transport/http/request/parameters.ts'
import { finishResponse } from '../../transport/http/response/send.ts'
import { wantsStream } from '../../transport/sse/accept.ts'
import { inserted, itemAt, withChange } from './changes.ts'
import {
  asText,
  isItem,
  type JsonContent,
  type JsonItem,
  type JsonItemChange,
  type JsonServerDocument,
} from './document.ts'
import { selectItems, sliceItems, type JsonServerQuery } from './list-query.ts'
import { keyTo, itemsOf, without, withRelated } from './related.ts'

/** The longest that `_delay` waits, in milliseconds. */
const LONGEST_DELAY = 10_000

/** What json-server has at a path: `/posts`, `/posts/1`, `/posts/1/comments`, `/profile`, `/db`. */
interface Place {
  readonly name: string
  readonly id: string | null
  /** The row above, if the path names one. */
  readonly above: { readonly name: string; readonly id: string } | null
}

const METHODS = {
  db: ['GET', 'HEAD'],
  list: ['GET', 'HEAD', 'POST'],
  single: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH'],
  item: ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE'],
} as const

export interface JsonServerHttp {
  readonly document: JsonServerDocument
  /** Sends changes to subscribers. */
  readonly tell: (changes: readonly JsonItemChange[]) => Promise<void>
}

/** Finds what answers at a path, in the words of json-server 0.17; null if the document has nothing there. */
export function jsonServerEndpoint({ document, tell }: JsonServerHttp, path: string): ServiceEndpoint | null {
  const { content } = document
  const place = placeOf(content, path)
  if (place === null) return null
  const kind = place === 'db' ? 'db' : place.id !== null ? 'item' : itemsOf(content, place.name) ? 'list' : 'single'
  const methods = [...METHODS[kind], 'OPTIONS']
  return {
    kind: 'service',
    allow: methods.join(', '),
    methods: new Set(methods),
    service: {
      path,
      route: 'json-server',
      methods,
      serve: async (face, exchange) => {
        const live = exchange.accept !== undefined && wantsStream(exchange.accept) ? face.handled?.(path) : null
        if (live) return live.service.serve(face, exchange)
        const query = parametersOf(face, exchange)
        await sleep(Math.min(Number.parseFloat(query.get('_delay')?.[0] ?? '') || 0, LONGEST_DELAY))
        if (place === 'db') return send(face, exchange, 200, [], document.content)
        if (isGet(exchange.method)) return show(face, exchange, document.content, place, query)
        const { changes, status, fields, value } = await write(face, exchange, document, place)
        await tell(changes)
        send(face, exchange, status, fields, value)
      },
    },
  }
}

function placeOf(content: JsonContent, path: string): Place | 'db' | null {
  const parts = decodedParts(path)
  if (parts === null || parts.length > 3) return null
  const [name, id = null, below] = parts as [string, ...string[]]
  if (name === 'db' && id === null) return 'db'
  const has = (name: string): boolean => itemsOf(content, name) !== null || itemAt(content, name, null) !== null
  if (below !== undefined)
    return itemsOf(content, below) === null ? null : { name: below, id: null, above: { name, id: id! } }
  return has(name) && (id === null || itemsOf(content, name) !== null) ? { name, id, above: null } : null
}

function decodedParts(path: string): string[] | null {
  const parts = path.replace(/\/$/, '').split('/').slice(1)
  try {
    return parts.length === 0 || parts.includes('') ? null : parts.map(decodeURIComponent)
  } catch {
    return null
  }
}

function parametersOf(face: Face, exchange: Exchange): JsonServerQuery {
  const values = new Map<string, string[]>()
  for (const [name, value] of readParameters(exchange.query, face.engine.limits.parameters))
    values.set(name, [...(values.get(name) ?? []), value])
  return values
}

function show(
  face: Face,
  exchange: Exchange,
  content: JsonContent,
  { name, id, above }: Place,
  query: JsonServerQuery,
): void {
  const related = (item: JsonItem): JsonItem =>
    withRelated(content, name, item, query.get('_embed') ?? [], query.get('_expand') ?? [])
  const list = itemsOf(content, name)
  if (list === null || id !== null) {
    const item = itemAt(content, name, id)
    if (item === null) return send(face, exchange, 404, [], {})
    return send(face, exchange, 200, [], list === null ? item : related(item))
  }
  const conditions = above === null ? query : new Map([...query, [keyTo(above.name), [above.id]]])
  const { items, total, pages } = sliceItems(selectItems(list, conditions), query)
  const links = Object.entries(pages ?? {}).flatMap(([rel, page]) =>
    page === null ? [] : [`<${urlOf(exchange).replace(/([?&]_page=)[^&]*/, `$1${page}`)}>; rel="${rel}"`],
  )
  const fields = [
    ...(total === null ? [] : ['x-total-count', String(total)]),
    ...(links.length === 0 ? [] : ['link', links.join(', ')]),
  ]
  send(face, exchange, 200, fields, items.map(related))
}

interface Written {
  readonly changes: readonly JsonItemChange[]
  readonly status: number
  readonly fields: FieldLines
  readonly value: JsonItem
}

async function write(face: Face, exchange: Exchange, document: JsonServerDocument, place: Place): Promise<Written> {
  const { method } = exchange
  const { name, id, above } = place
  const given = method === 'DELETE' ? {} : await readItem(face, exchange)
  if (method === 'POST' && itemsOf(document.content, name)) {
    const attributes = above === null ? given : { ...given, [keyTo(above.name)]: above.id }
    let item: JsonItem = attributes
    const changes = await document.write(content => {
      const next = inserted(content, name, attributes)
      item = next.item
      return next.content
    })
    const location = new URL(`/${encodeURIComponent(name)}/${encodeURIComponent(asText(item['id']))}`, urlOf(exchange))
    return { changes, status: 201, fields: ['location', location.href], value: item }
  }
  const edit = (before: JsonItem): JsonItem => (method === 'PATCH' ? { ...before, ...given } : given)
  let value: JsonItem | null = null
  const changes = await document.write(content => {
    if (itemAt(content, name, id) === null) return content
    const after = method === 'DELETE' ? without(content, name, id!) : withChange(content, name, id, edit)
    value = method === 'DELETE' ? {} : itemAt(after, name, id)
    return after
  })
  if (value === null) return { changes, status: 404, fields: [], value: {} }
  return method === 'POST'
    ? { changes, status: 201, fields: ['location', urlOf(exchange)], value }
    : { changes, status: 200, fields: [], value }
}

/** The body of a write: JSON or a form. Without a body it is an empty object. */
async function readItem(face: Face, exchange: Exchange): Promise<JsonItem> {
  const { limits } = face.engine
  checkLength(exchange, limits.body)
  const type = exchange.contentType?.split(';')[0]!.trim().toLowerCase()
  const text = await readText(exchange, limits)
  if (type === 'application/x-www-form-urlencoded') return Object.fromEntries(new URLSearchParams(text))
  if (text === '') return {}
  if (type !== undefined && type !== 'application/json' && !type.endsWith('+json'))
    throw new ApiError('unsupported_media_type', { detail: 'the body is to be application/json or a form' })
  const input = parseJson(text, limits)
  if (isItem(input)) return input
  throw new ApiError('validation', { issues: [{ pointer: '#', code: 'type', detail: 'must be an object' }] })
}

function send(face: Face, exchange: Exchange, status: number, fields: FieldLines, value: unknown): void {
  const body = JSON.stringify(value)
  const tag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
  const cache = ['etag', tag, 'cache-control', 'no-cache', 'pragma', 'no-cache', 'expires', '-1']
  if (status === 200 && isGet(exchange.method) && exchange.ifNoneMatch === tag)
    return finishResponse(face, exchange, 304, [...fields, ...cache], null)
  const length = String(Buffer.byteLength(body))
  const type = ['content-type', 'application/json; charset=utf-8', 'content-length', length]
  finishResponse(face, exchange, status, [...type, ...fields, ...cache], body)
}

const urlOf = ({ host, target }: Exchange): string => new URL(target, `http://${host ?? 'localhost'}`).href
