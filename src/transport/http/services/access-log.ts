import type { Observer } from '../face.ts'
import type { RequestRecord } from '../options.ts'
import type { Exchange, FieldLines } from '../exchange.ts'
import type { Resource } from '../../../model/model.ts'
import type { Metrics } from './metrics.ts'
import type { Endpoint } from '../endpoint.ts'
import { isRequestId } from '../request/request-id.ts'

/**
 * What is called with every response, for metrics and the access log; null if nobody wants to know, so that responses do not
 * pay for it.
 */
export function observerOf(metrics: Metrics | null, tell: ((record: RequestRecord) => void) | null): Observer | null {
  if (metrics === null && tell === null) return null
  return (exchange, status, fields) => {
    const milliseconds = performance.now() - exchange.started
    metrics?.count(exchange.method, exchange.route, status, milliseconds)
    tell?.(recordOf(exchange, status, fields, milliseconds))
  }
}

function recordOf(exchange: Exchange, status: number, fields: FieldLines, milliseconds: number): RequestRecord {
  const { requestId, method, target, route, caller, address } = exchange
  const length = fields.lastIndexOf('content-length')
  return {
    time: new Date().toISOString(),
    level: 'info',
    event: 'request',
    requestId: requestId !== undefined && isRequestId(requestId) ? requestId : null,
    method,
    path: target.split('?')[0]!,
    route,
    status,
    milliseconds: Math.round(milliseconds * 1_000) / 1_000,
    bytes: length < 0 || status === 304 ? 0 : Number(fields[length + 1]),
    caller,
    address: address ?? null,
  }
}

/** The URI template of an endpoint. All unknown paths share one word, so that clients cannot create new metrics. */
export function routeOf(endpoint: Endpoint | null): string {
  if (endpoint === null) return 'none'
  switch (endpoint.kind) {
    case 'page':
      return endpoint.page.path
    case 'service':
      return endpoint.service.route ?? endpoint.service.path
    case 'collection':
      return pathOf(endpoint.resource)
    case 'item':
      return `${pathOf(endpoint.resource)}/:id`
    case 'action': {
      const { resource, on, path } = endpoint.actions.values().next().value!
      return `${pathOf(resource)}${on === 'row' ? '/:id' : ''}${path === '' ? '' : `/${path}`}`
    }
    case 'part':
      return `${pathOf(endpoint.resource)}/:id/${endpoint.part.name}`
  }
}

const pathOf = ({ paths, name }: Resource): string => paths[0] ?? `/${name}`

/** Prints a request as a line of JSON on standard output. */
export function printRequest(record: RequestRecord): void {
  process.stdout.write(`${JSON.stringify(record)}\n`)
}
