import { ApiError } from '../../protocol/error.ts'
import type { DeprecationDates } from '../../model/declare/deprecation.ts'
import type { Model, Resource } from '../../model/model.ts'
import type { HeaderLines } from '../call/call.ts'
import type { PipelineCheck } from '../call/invocation.ts'

/**
 * The step `deprecate`: announces in every response that a resource will be removed (`Deprecation`, RFC 9745; `Sunset`, RFC
 * 8594). After the sunset, calls get 410. null if no resource is deprecated.
 */
export function deprecating(model: Model, clock: () => number): PipelineCheck | null {
  const lines = new Map<Resource, HeaderLines>()
  for (const resource of model.resources.values())
    if (resource.options.deprecation) lines.set(resource, deprecationHeaders(resource))
  if (lines.size === 0) return null
  return invocation => {
    const told = lines.get(invocation.call.resource)
    if (!told) return
    refuseEnded(invocation.call.resource, clock())
    invocation.lines = [...invocation.lines, ...told]
  }
}

/** The header fields that announce the end of a resource; empty if it is not deprecated. */
export function deprecationHeaders({ options: { deprecation } }: Resource): HeaderLines {
  return deprecation ? linesOf(deprecation) : none
}

/** Throws 410 after the sunset. The error has the same header fields as the responses before it. */
function refuseEnded({ name, options: { deprecation } }: Resource, now: number): void {
  if (!deprecation || deprecation.sunset === null || now < deprecation.sunset) return
  const detail = `${name} ended on ${new Date(deprecation.sunset).toISOString().slice(0, 10)}`
  throw new ApiError('gone', { detail, headers: Object.fromEntries(linesOf(deprecation)) })
}

const none: HeaderLines = Object.freeze([])

function linesOf({ since, sunset, docs, successor }: DeprecationDates): HeaderLines {
  const links = [
    ...(docs === null ? [] : [`<${docs}>; rel="deprecation"; type="text/html"`]),
    ...(successor === null ? [] : [`<${successor}>; rel="successor-version"`]),
  ]
  return [
    ['deprecation', `@${Math.floor(since / 1_000)}`],
    ...(sunset === null ? [] : [['sunset', new Date(sunset).toUTCString()] as const]),
    ...(links.length === 0 ? [] : [['link', links.join(', ')] as const]),
  ]
}
