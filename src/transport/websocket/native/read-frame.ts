import {
  isRead,
  type Call,
  type Conditions,
  type EarlierPosition,
  type Operation,
  type Tag,
} from '../../../engine/call/call.ts'
import type { Engine } from '../../../engine/engine.ts'
import { checkKey } from '../../../engine/once/idempotency.ts'
import { ApiError, type Issue } from '../../../protocol/error.ts'
import type { CallFrame, ClientFrame, RequestId, SubscribeFrame } from '../../../protocol/frames.ts'
import { decodeQuery, decodeQueryObject, type Decoded } from '../../../query/query.ts'
import { checkBulk } from '../../check-bulk.ts'
import { takePosition, takePositionOf } from '../../earlier-position.ts'
import { readParameters } from '../../http/request/parameters.ts'
import type { SocketSession } from '../../socket/session.ts'
import type { UriTarget, UriTargets } from '../../uri-target.ts'
import { plainShape } from '../../../query/predicate.ts'
import { parseJson, type JsonLimits } from '../../../protocol/json.ts'

/** A parsed message, or what is wrong with it and the id of its request. */
export type FrameReading = { readonly frame: ClientFrame } | { readonly error: ApiError; readonly id: RequestId | null }

type Type = 'string' | 'object' | 'tags' | 'mode' | 'id' | 'any'

const target = { uri: 'string', params: 'object', min: 'string' } as const
const conditions = { ifMatch: 'tags', ifNoneMatch: 'tags' } as const

/** The members of each kind of message besides `op` and `id`, and their types. */
const members: Readonly<Record<ClientFrame['op'], Readonly<Record<string, Type>>>> = {
  auth: { token: 'string', ticket: 'string' },
  list: { ...target, ...conditions },
  get: { ...target, ...conditions },
  create: { ...target, ...conditions, data: 'any', key: 'string' },
  replace: { ...target, ...conditions, data: 'any', key: 'string' },
  patch: { ...target, ...conditions, data: 'any', key: 'string' },
  delete: { ...target, ...conditions, key: 'string' },
  act: { ...target, data: 'any', key: 'string', method: 'string' },
  batch: { calls: 'any', key: 'string', min: 'string' },
  subscribe: { ...target, since: 'string', mode: 'mode', absent: 'string', changes: 'string' },
  unsubscribe: { sub: 'id' },
  ping: {},
}

const needed: readonly string[] = ['uri', 'sub', 'calls']

/** Parses a message strictly: unknown members are refused, nothing is ignored. */
export function readFrame(text: string, limits: JsonLimits): FrameReading {
  let given: unknown
  try {
    given = parseJson(text, limits)
  } catch (thrown) {
    return { error: ApiError.from(thrown), id: null }
  }
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    return { error: new ApiError('bad_request', { detail: 'a message is a JSON object' }), id: null }
  }
  const message = given as Readonly<Record<string, unknown>>
  const id = isId(message['id']) ? message['id'] : null
  const { op } = message
  if (typeof op !== 'string' || !Object.hasOwn(members, op)) {
    const detail = `op is one of ${Object.keys(members).join(', ')}`
    return { error: new ApiError('unknown_op', { detail }), id }
  }
  const issues = issuesOf(message, op as ClientFrame['op'])
  if (issues.length > 0) return { error: new ApiError('validation', { issues }), id }
  return { frame: message as unknown as ClientFrame }
}

function issuesOf(message: Readonly<Record<string, unknown>>, op: ClientFrame['op']): Issue[] {
  const issues: Issue[] = []
  const note = (code: Issue['code'], name: string, detail: string): void =>
    void issues.push({ code, pointer: `#/${name}`, detail })
  const known = members[op]
  for (const [name, value] of Object.entries(message)) {
    if (name === 'op' || name === 'id') continue
    const type = Object.hasOwn(known, name) ? known[name]! : null
    if (type === null) note('unknown_field', name, `there is no ${name} in ${op}`)
    else if (!fits(value, type)) note('type', name, expected[type])
  }
  if (message['id'] === undefined ? op !== 'ping' : !isId(message['id'])) note('type', 'id', expected.id)
  for (const name of needed) if (name in known && message[name] === undefined) note('required', name, 'is required')
  return issues
}

const expected: Readonly<Record<Type, string>> = {
  string: 'must be a text',
  object: 'must be an object',
  tags: 'must be * or entity tags without quotes',
  mode: 'must be every, latest or a number of milliseconds',
  id: 'must be an integer or a text of 1 to 64 characters',
  any: '',
}

function fits(value: unknown, type: Type): boolean {
  switch (type) {
    case 'any':
      return true
    case 'string':
      return typeof value === 'string'
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value)
    case 'tags':
      return isTag(value) || (Array.isArray(value) && value.every(isTag))
    case 'mode':
      return typeof value === 'string' || typeof value === 'number'
    case 'id':
      return isId(value)
  }
}

/** Whether a value is an entity tag. Quotes belong to the header field; a tag with quotes could never match. */
const isTag = (value: unknown): boolean => typeof value === 'string' && !value.includes('"')

function isId(value: unknown): value is RequestId {
  return typeof value === 'string' ? value.length > 0 && value.length <= 64 : Number.isSafeInteger(value)
}

/** A call without its caller. */
type Unasked = Omit<Call, 'principal'>

/** The parts of a session that reading a message needs. */
export interface FrameReader extends Pick<SocketSession, 'read'> {
  readonly host: { readonly engine: Engine }
}

/** Makes the call that a message asks for. Throws ApiError if the message makes no sense. */
export function frameCall(session: FrameReader, targets: UriTargets, frame: CallFrame | SubscribeFrame): Unasked {
  const { engine } = session.host
  if (frame.op === 'act') return actionOf(engine, targets, frame)
  const target = targets.find(frame.uri)
  if (!target) throw new ApiError('not_found', { detail: `there is nothing at ${frame.uri.slice(0, 200)}` })
  const operation: Operation = frame.op === 'subscribe' ? (target.id === null ? 'list' : 'get') : frame.op
  const { resource, id, parent } = target
  const { query, shape, at } = session.read({ operation, resource, id, parent }, () => {
    checkTarget(operation, target)
    return asked(engine, targets, target, frame)
  })
  const call: Unasked = {
    operation,
    resource,
    id,
    parent,
    query,
    shape,
    mode: engine.mode,
    conditions: frame.op === 'subscribe' ? null : conditionsOf(frame),
    ...(at && { at }),
  }
  if (frame.op === 'subscribe') return call
  if (frame.key !== undefined) checkKey(frame.key)
  return {
    ...call,
    ...('data' in frame && { input: frame.data }),
    ...(frame.key !== undefined && { idempotencyKey: frame.key }),
    jsonPatch: operation === 'patch' && Array.isArray(frame.data),
  }
}

/** Makes the call of an action. Its arguments are the data of the message. */
function actionOf(engine: Engine, targets: UriTargets, frame: CallFrame): Unasked {
  const found = targets.findAction(frame.uri, frame.method)
  if (!found) throw new ApiError('not_found', { detail: `there is no action at ${frame.uri.slice(0, 200)}` })
  const { action, id } = found
  return {
    operation: 'act',
    resource: action.resource,
    action,
    id,
    parent: null,
    query: null,
    shape: plainShape,
    mode: engine.mode,
    conditions: null,
    arguments: () => ({ value: frame.data, mode: engine.mode }),
    ...(frame.key !== undefined && { idempotencyKey: frame.key }),
  }
}

/**
 * Checks that an operation fits its URI: lists are listed and created in, rows are read and changed. If the resource allows it,
 * a filter of a list selects rows to change.
 */
function checkTarget(operation: Operation, { id, resource }: UriTarget): void {
  const ofList = operation === 'list' || operation === 'create'
  if (ofList === (id === null)) return
  if (resource.options.bulk && id === null && isBulk(operation)) return
  throw new ApiError('method_not_allowed', {
    detail: ofList ? `${operation} is for lists, this is a row` : `${operation} is for rows, this is a list`,
  })
}

const isBulk = (operation: string): boolean => operation === 'patch' || operation === 'delete'

/** A decoded query, and the earlier position that a read names. */
interface Reading extends Decoded {
  readonly at?: EarlierPosition | null
}

function asked(engine: Engine, targets: UriTargets, target: UriTarget, frame: CallFrame | SubscribeFrame): Reading {
  const { params } = frame
  refuseTwice(params, target.query)
  if (frame.op === 'subscribe' && params === undefined) return targets.read(target)
  const { resource, id } = target
  const limits = { ...engine.limits, ...resource.options.limits }
  const { mode, cursorKey } = engine
  const bulk = id === null && isBulk(frame.op)
  const kind = bulk || (id === null && (frame.op === 'list' || frame.op === 'subscribe')) ? 'list' : 'item'
  if (params === undefined) {
    const given = readParameters(target.query, limits.parameters)
    if (bulk) {
      checkBulk(
        given.map(([name]) => name),
        parameter => ({ parameter }),
      )
    }
    const { at, rest } = isRead(frame.op) ? takePosition(resource, given) : { at: null, rest: given }
    return { ...decodeQuery(resource, rest, limits, kind, { mode, cursorKey }), at }
  }
  if (bulk) checkBulk(Object.keys(params), word => ({ pointer: `#/params/${word}` }))
  const pages = frame.op === 'subscribe' ? { page: null, maxPage: limits.snapshotRows } : {}
  const { at, rest } = isRead(frame.op)
    ? takePositionOf(resource, { ...params }, '#/params')
    : { at: null, rest: params }
  try {
    return { ...decodeQueryObject(resource, { ...rest }, limits, kind, { mode, cursorKey, ...pages }), at }
  } catch (thrown) {
    throw inside(thrown)
  }
}

/** Refuses a query in both places at once. */
export function refuseTwice(params: unknown, query: string): void {
  if (params !== undefined && query !== '') {
    throw new ApiError('vague', { detail: 'a query is either in the URI or in params' })
  }
}

/** Moves the faults of `params` to their place in the message. */
export function inside(thrown: unknown): ApiError {
  const error = ApiError.from(thrown)
  const issues = error.issues.map(issue =>
    issue.pointer === undefined ? issue : { ...issue, pointer: `#/params${issue.pointer.slice(1)}` },
  )
  return issues.length === 0 ? error : new ApiError(error.code, { issues, cause: error })
}

/** The preconditions in a message. */
export function conditionsOf({ ifMatch, ifNoneMatch }: CallFrame): Conditions | null {
  if (ifMatch === undefined && ifNoneMatch === undefined) return null
  return { ifMatch: tags(ifMatch), ifNoneMatch: tags(ifNoneMatch), ifModifiedSince: null, ifUnmodifiedSince: null }
}

function tags(given: string | readonly string[] | undefined): '*' | readonly Tag[] | null {
  if (given === undefined) return null
  if (given === '*') return '*'
  return [given].flat().map(value => ({ value, weak: false }))
}
