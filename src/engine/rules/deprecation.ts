import { ApiError } from '../../protocol/error.ts'
import type { DeprecationDates } from '../../model/declare/deprecation.ts'
import type { Model, Resource } from '../../model/model.ts'
import type { HeaderLines } from '../call/call.ts'
import type { Check } from '../call/invocation.ts'

/**
 * deprecate: answers of resources that will go away say so (RFC 9745, RFC 8594); once they are gone, calls are refused with
 * 410. Null where no resource is deprecated.
 */
export function deprecating(model: Model, clock: () => number): Check | null {
  const lines = new Map<Resource, HeaderLines>()
  for (const resource of model.resources.values())
    if (resource.options.deprecation) lines.set(resource, deprecationOf(resource))
  if (lines.size === 0) return null
  return invocation => {
    const told = lines.get(invocation.call.resource)
    if (!told) return
    refuseEnded(invocation.call.resource, clock())
    invocation.lines = [...invocation.lines, ...told]
  }
}

/** What answers say of a resource that goes; nothing of one that stays. */
export function deprecationOf({ options: { deprecation } }: Resource): HeaderLines {
  return deprecation ? linesOf(deprecation) : none
}

/** The error has the header fields of every other answer. */
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
