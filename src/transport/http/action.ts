import { getOrThrow } from '../../protocol/get-or-throw.ts'
import type { Answered, Arguments } from '../../engine/call/call.ts'
import type { Engine } from '../../engine/engine.ts'
import type { Action } from '../../model/model.ts'
import { ApiError } from '../../protocol/error.ts'
import { parseJson } from '../../protocol/json.ts'
import { formArguments } from '../../schema/read/form-arguments.ts'
import type { ArgumentRequest } from '../../schema/read/arguments.ts'
import type { Maybe } from '../../store/work.ts'
import { checkLength, readBytes, readText } from './request/body.ts'
import { readKey } from './request/decode.ts'
import type { FieldLines } from './exchange.ts'
import type { Face } from './face.ts'
import { finishResponse } from './response/send.ts'
import type { HttpCall } from './http-call.ts'
import { mediaOf } from './request/body.ts'
import { readParameters, type Parameter } from './request/parameters.ts'
import type { ActionEndpoint } from './endpoint.ts'
import { represent } from './response/send.ts'
import { ofMessage, sendResponse } from './response/send-response.ts'
import { listMembers } from '../../schema/standard/list-members.ts'
import { textMode } from '../../schema/read/input-mode.ts'

/** Completes the call of an action. Its arguments are received later, once the caller is known to be allowed. */
export function decodeAction({ engine, formats }: Face, call: HttpCall, endpoint: ActionEndpoint): void {
  const { method } = call.exchange
  const action = endpoint.actions.get(method) ?? getOrThrow(endpoint.actions, 'GET')
  call.format = formats.choose(call.exchange.accept, action.manner.reader !== null)
  call.operation = 'act'
  call.action = action
  call.resource = action.resource
  const { idempotencyKey } = call.exchange
  if (idempotencyKey !== undefined) call.idempotencyKey = readKey(idempotencyKey)
  // Assigned by name: V8 treats a function literal that is assigned to a property as a method and keeps it, together with the
  // whole request, until the next full garbage collection.
  const { reader } = action.manner
  const read = (): Maybe<Arguments> =>
    reader ? reader(requestOf(engine, call, action.method), engine.limits) : readStrictly(engine, call)
  call.arguments = read
}

function requestOf(engine: Engine, { exchange }: HttpCall, method: string): ArgumentRequest {
  return {
    method,
    query: exchange.query,
    contentType: exchange.contentType,
    body: () => {
      checkLength(exchange, engine.limits.body)
      return exchange.body(engine.limits.body)
    },
  }
}

/** Reads arguments strictly, as modelled routes do: nothing is ignored, and nothing may be given twice. */
function readStrictly(engine: Engine, call: HttpCall): Maybe<Arguments> {
  const { exchange } = call
  const query = exchange.query
  const parameters = query === '' ? none : readParameters(query, engine.limits.parameters)
  if (isBodyless(exchange.method)) return { value: valuesOf(parameters, listsOf(call)), mode: textMode }
  if (parameters.length > 0) {
    throw new ApiError('unknown_param', {
      issues: parameters.map(([parameter]) => ({
        code: 'unknown_param',
        parameter,
        detail: 'arguments of this action come in the body',
      })),
    })
  }
  return exchange.hasBody || exchange.contentType !== undefined
    ? readBody(engine, call)
    : { value: undefined, mode: engine.mode }
}

const none: readonly Parameter[] = Object.freeze([])

const isBodyless = (method: string): boolean => method !== 'POST' && method !== 'PUT' && method !== 'PATCH'

function readBody({ limits, mode }: Engine, call: HttpCall): Promise<Arguments> {
  const { exchange } = call
  const media = mediaOf(exchange, 'ACTION', limits.body)
  switch (media) {
    case 'form':
      return readText(exchange, limits).then(text => ({
        value: valuesOf(readParameters(text, limits.parameters), listsOf(call)),
        mode: textMode,
      }))
    case 'multipart':
      return readBytes(exchange, limits.body).then(bytes =>
        formArguments(bytes, exchange.contentType!, entries => valuesOf(entries, listsOf(call))),
      )
    default:
      return readBytes(exchange, limits.body).then(bytes => ({ value: parseJson(bytes, limits), mode }))
  }
}

type Values = Record<string, string | readonly string[]>

/** The values of parameters by name. Only lists may be repeated. */
function valuesOf(parameters: Iterable<Parameter>, lists: ReadonlySet<string>): Values {
  const values: Values = {}
  for (const [name, value] of parameters) {
    const before = Object.hasOwn(values, name) ? values[name] : undefined
    if (before !== undefined && !lists.has(name)) {
      const issue = { code: 'duplicate', parameter: name, detail: 'may be given once' } as const
      throw new ApiError('validation', { issues: [issue] })
    }
    const taken = before === undefined ? value : [...[before].flat(), value]
    Object.defineProperty(values, name, { value: taken, enumerable: true, configurable: true, writable: true })
  }
  return values
}

/** The arguments of an action that are lists. */
function listsOf({ action }: HttpCall): ReadonlySet<string> {
  let lists = knownLists.get(action!)
  if (!lists) knownLists.set(action!, (lists = action!.input ? listMembers(action!.input) : new Set()))
  return lists
}

const knownLists = new WeakMap<Action, ReadonlySet<string>>()

/** Sends what an action or hook returned: data in the negotiated format, a Response unchanged. */
export function sendAnswered(face: Face, call: HttpCall, outcome: Answered): void | Promise<void> {
  const { exchange } = call
  const fields: FieldLines = []
  for (const [name, value] of outcome.headers) if (!ofMessage.has(name)) fields.push(name, value)
  const { value } = outcome
  if (value instanceof Response) return sendResponse(face, exchange, { ...outcome, value }, fields)
  if (!fields.includes('cache-control'))
    fields.push('cache-control', exchange.method === 'GET' ? 'private, no-cache' : 'no-store')
  if (outcome.status === 204 || outcome.status === 304)
    return finishResponse(face, exchange, outcome.status, fields, null)
  return represent(face, call, outcome.status, fields, outcome)
}
