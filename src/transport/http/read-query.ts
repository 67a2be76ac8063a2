import type { Engine } from '../../engine/engine.ts'
import type { Resource } from '../../model/model.ts'
import type { Limits } from '../../protocol/limits.ts'
import { decodeQuery, decodeQueryObject, type Decoded, type QueryOptions } from '../../query/query.ts'
import type { HttpCall } from './http-call.ts'
import type { Parameter } from './parameters.ts'

/** Within which limits a resource's queries are read, and what they are where nothing is asked. */
interface Reading {
  readonly limits: Limits
  readonly options: QueryOptions
  readonly list: Decoded
  readonly item: Decoded
}
// Made once per resource of an engine; both live as long as the process.
const readings = new WeakMap<Engine, Map<Resource, Reading>>()

/** Puts into the call what its parameters ask for; throws ApiError with every fault of them. */
export function readQuery(engine: Engine, call: HttpCall, parameters: readonly Parameter[]): void {
  const { resource } = call
  const reading = readingOf(engine, resource)
  const target = call.operation === 'list' ? 'list' : 'item'
  call.parameters = parameters
  take(
    call,
    parameters.length === 0
      ? reading[target]
      : decodeQuery(resource, parameters, reading.limits, target, reading.options),
  )
}

/** The same from the JSON body of QUERY; its faults name a place in the body. */
export function readQueryObject(engine: Engine, call: HttpCall, object: Readonly<Record<string, unknown>>): void {
  const { limits, options } = readingOf(engine, call.resource)
  take(call, decodeQueryObject(call.resource, object, limits, 'list', options))
}

function take(call: HttpCall, decoded: Decoded): void {
  call.query = decoded.query
  call.shape = decoded.shape
}

function readingOf(engine: Engine, resource: Resource): Reading {
  let known = readings.get(engine)
  if (!known) readings.set(engine, (known = new Map()))
  let reading = known.get(resource)
  if (!reading) {
    const limits = { ...engine.limits, ...resource.options.limits }
    const options = { mode: engine.mode, cursorKey: engine.cursorKey }
    const decode = (target: 'list' | 'item'): Decoded => decodeQuery(resource, [], limits, target, options)
    known.set(resource, (reading = { limits, options, list: decode('list'), item: decode('item') }))
  }
  return reading
}
