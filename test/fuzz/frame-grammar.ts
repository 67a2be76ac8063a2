import type { Random } from '../property/live-oracle/random.ts'
import type { Asking } from './requests.ts'
import type { Values } from './values.ts'

const valueOf = ({ body }: Asking): unknown => (body === null ? {} : 'value' in body ? body.value : body.text)
const firstOf = (value: unknown): unknown => (Array.isArray(value) ? value[0] : value)
const OPS: Readonly<Record<string, string>> = {
  POST: 'create',
  PUT: 'replace',
  PATCH: 'patch',
  DELETE: 'delete',
}

/** The target of a request. Parameters that are about HTTP have no place in it. */
function uriOf({ path, query }: Asking): string {
  const kept = query.split('&').filter(one => one !== '' && !/^(?:pretty|total)=/.test(one))
  return kept.length === 0 ? path : `${path}?${kept.join('&')}`
}

/** A request in the words of restuary.1. */
export function nativeFrame(asking: Asking, id: number): unknown {
  const { method, template, path, headers } = asking
  const uri = uriOf(asking)
  const isRow = template.endsWith('}')
  if (method === 'GET') return { id, op: id % 4 === 0 ? 'subscribe' : isRow ? 'get' : 'list', uri }
  if (template.endsWith('/close')) return { id, op: 'act', uri, data: valueOf(asking) }
  const key = headers['idempotency-key']
  const where = isRow ? path : uri
  if (method === 'DELETE') return { id, op: 'delete', uri: where }
  return {
    id,
    op: OPS[method] ?? method,
    uri: method === 'POST' ? path : where,
    data: valueOf(asking),
    ...(key !== undefined && { key }),
  }
}

const ACTIONS: Readonly<Record<string, string>> = { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' }

/** A request in the words of the envelope. */
export function envelopeFrame(asking: Asking, id: number): unknown {
  const { method, template, path } = asking
  const [, stream = '', pk] = path.split('/')
  const isRow = template.split('/').length > 2
  const action = method === 'GET' ? (id % 4 === 0 ? 'subscribe' : isRow ? 'retrieve' : 'list') : ACTIONS[method]
  const subject = isRow && pk !== undefined ? { pk: /^\d+$/.test(pk) ? Number(pk) : pk } : {}
  const value = valueOf(asking)
  const data = action === 'subscribe' ? { action: 'update' } : method === 'POST' ? firstOf(value) : value
  const key = asking.headers['idempotency-key']
  return { stream, payload: { action, ...subject, data, request_id: id, ...(key !== undefined && { key }) } }
}

/** A request in the words of Socket.IO: reads are subscriptions. */
export function socketioFrame(asking: Asking): unknown {
  const { method, path } = asking
  switch (method) {
    case 'GET':
      return ['subscribe', uriOf(asking)]
    case 'DELETE':
      return ['delete', path]
    case 'POST':
      return ['create', { uri: path, attributes: firstOf(valueOf(asking)) }]
    default:
      return ['patch', { uri: path, patch: valueOf(asking) }]
  }
}

/** The text of a frame with something wrong in it. */
export function spoiledFrame(
  frame: unknown,
  print: (frame: unknown) => string,
  random: Random,
  values: Values,
): string {
  switch (random.int(4)) {
    case 0: {
      const text = print(frame)
      const at = random.int(text.length)
      return text.slice(0, at) + random.pick(['', '"', '{', '\u0000', '[[[[']) + text.slice(at + 1)
    }
    case 1:
      return print(values.odd())
    default:
      return print(values.spoiled(frame))
  }
}
