import type { EarlierPosition } from '../../../engine/call/call.ts'
import type { Engine } from '../../../engine/engine.ts'
import type { Resource } from '../../../model/model.ts'
import type { Limits } from '../../../protocol/limits.ts'
import { decodeQuery, decodeQueryObject, type Decoded, type QueryOptions } from '../../../query/query.ts'
import { takePosition, takePositionOf } from '../../earlier-position.ts'
import { readJsonApiQuery, respelled, speaksJsonApi } from '../hypermedia/json-api-query.ts'
import type { HttpCall } from '../http-call.ts'
import { readParameters, type Parameter } from './parameters.ts'

/** How the queries of a resource are read, and the results for empty queries. */
interface Reading {
  readonly limits: Limits
  readonly options: QueryOptions
  readonly list: Decoded
  readonly item: Decoded
  /** Parsed queries by their text, because clients send the same few. Emptied when full. */
  readonly known: { readonly list: Map<string, Read>; readonly item: Map<string, Read> }
}

/** A parsed query string. */
interface Read {
  readonly parameters: readonly Parameter[]
  readonly pretty: boolean
  readonly at: EarlierPosition | null
  readonly decoded: Decoded
}

const MOST_KNOWN = 200
/** Longer texts are rarely sent twice, so they are not remembered. */
const KEPT_LENGTH = 200

// One entry per resource and engine. Both live as long as the process.
const readings = new WeakMap<Engine, Map<Resource, Reading>>()

/** Reads the query of a URL (without `?`) into a call. Throws ApiError with all its faults. */
export function readUrlQuery(engine: Engine, call: HttpCall, text: string): void {
  const reading = readingOf(engine, call.resource)
  const target = targetOf(call)
  if (text === '') return take(call, reading[target])
  if (call.lenient) return readQuery(engine, call, readUrl(call, text, reading.limits))
  const known = reading.known[target]
  // The same text may say something else to another format.
  const key = /\[|%5B/i.test(text) && speaksJsonApi(call.exchange) ? `${text}\n` : text
  let read = known.get(key)
  if (read === undefined) {
    const parameters = readUrl(call, text, reading.limits)
    const { at, rest } = takePosition(call.resource, parameters)
    call.at = at
    readQuery(engine, call, rest)
    call.parameters = parameters
    read = { parameters, pretty: call.pretty, at: call.at, decoded: { query: call.query, shape: call.shape } }
    if (text.length > KEPT_LENGTH || call.query?.cursor) return
    if (known.size >= MOST_KNOWN) known.clear()
    known.set(key, read)
    return
  }
  call.parameters = read.parameters
  call.pretty = read.pretty
  call.at = read.at
  take(call, read.decoded)
}

/**
 * Parses the parameters of a URL. Takes out `pretty`, which belongs to the face, unless the resource has a field of that name.
 */
export function readUrl(call: HttpCall, query: string, limits: Limits): readonly Parameter[] {
  const found = wordsOf(call, readParameters(query, limits.parameters), limits)
  if (!query.includes('pretty') || call.resource.field.has('pretty')) return found
  const rest = found.filter(([name]) => name !== 'pretty')
  call.pretty = found.some(([name, value]) => name === 'pretty' && value !== 'false')
  return rest
}

/** The parameters in the words of the core, where the client's format has others. */
function wordsOf(call: HttpCall, given: readonly Parameter[], limits: Limits): readonly Parameter[] {
  if (!given.some(([name]) => name.includes('[')) || !speaksJsonApi(call.exchange)) return given
  const { parameters, spelled } = readJsonApiQuery(call.resource, given, limits.page)
  call.spelled = spelled
  return parameters
}

/** Reads parameters into a call. Throws ApiError with all their faults. */
export function readQuery(engine: Engine, call: HttpCall, parameters: readonly Parameter[]): void {
  const { resource } = call
  const reading = readingOf(engine, resource)
  const target = targetOf(call)
  call.parameters = parameters
  if (parameters.length === 0) return take(call, reading[target])
  const options = call.lenient ? { ...reading.options, ignored: [] } : reading.options
  try {
    take(call, decodeQuery(resource, parameters, reading.limits, target, options))
  } catch (error) {
    throw call.spelled ? respelled(error, call.spelled) : error
  }
}

/** A patch or deletion without an id applies to all rows that a query selects, so its query is that of a list. */
function targetOf({ operation, id }: HttpCall): 'list' | 'item' {
  if (operation === 'list') return 'list'
  return id === null && (operation === 'patch' || operation === 'delete') ? 'list' : 'item'
}

/** Reads the query of a stream: it follows all rows unless it has a limit. */
export function readLiveQuery(engine: Engine, call: HttpCall, parameters: readonly Parameter[]): void {
  const { limits, options } = readingOf(engine, call.resource)
  const target = call.operation === 'list' ? 'list' : 'item'
  call.parameters = parameters
  take(
    call,
    decodeQuery(call.resource, parameters, limits, target, { ...options, page: null, maxPage: limits.snapshotRows }),
  )
}

/** Reads the JSON body of QUERY into a call. Faults have pointers into the body. */
export function readQueryObject(engine: Engine, call: HttpCall, object: Readonly<Record<string, unknown>>): void {
  const { limits, options } = readingOf(engine, call.resource)
  const { at, rest } = takePositionOf(call.resource, object, '#')
  call.at = at
  take(call, decodeQueryObject(call.resource, rest, limits, 'list', options))
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
    reading = {
      limits,
      options,
      list: decode('list'),
      item: decode('item'),
      known: { list: new Map(), item: new Map() },
    }
    known.set(resource, reading)
  }
  return reading
}
