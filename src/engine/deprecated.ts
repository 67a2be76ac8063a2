import { ApiError } from '../protocol/error.ts'
import type { DeprecationDates } from '../model/deprecation.ts'
import type { Resource } from '../model/model.ts'
import { chain, type Maybe } from '../store/work.ts'
import type { Call, HeaderLines, Outcome } from './call.ts'
import { carrying } from './carrying.ts'
import type { Engine } from './engine.ts'

/** Tells callers of resources that go about it (RFC 9745, RFC 8594), and answers 410 once they are gone. */
export function withDeprecation(engine: Engine): Engine {
  const lines = new Map<Resource, HeaderLines>()
  for (const resource of engine.model.resources.values())
    if (resource.options.deprecation) lines.set(resource, deprecationOf(resource))
  if (lines.size === 0) return engine
  const handle = (call: Call): Maybe<Outcome> => {
    const told = lines.get(call.resource)
    if (!told || call.unbounded) return engine.handle(call)
    const error = endedFor(call, engine.clock())
    if (error === null) return chain(engine.handle(call), outcome => carrying(outcome, told))
    return { kind: 'failure', error }
  }
  return Object.create(engine, { handle: { value: handle, enumerable: true } }) as Engine
}

/** What answers say of a resource that goes; nothing of one that stays. */
export function deprecationOf({ options: { deprecation } }: Resource): HeaderLines {
  return deprecation ? linesOf(deprecation) : none
}

/** Why a call comes too late for what it is about; null if it does not, as those of the application never do. */
export function endedFor({ resource, unbounded }: Call, now: number): ApiError | null {
  const { deprecation } = resource.options
  if (!deprecation || deprecation.sunset === null || now < deprecation.sunset || unbounded) return null
  const detail = `${resource.name} ended on ${new Date(deprecation.sunset).toISOString().slice(0, 10)}`
  return new ApiError('gone', { detail, headers: Object.fromEntries(linesOf(deprecation)) })
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
