import type { BatchPart } from '../../engine/batch/run-batch.ts'
import type { Call } from '../../engine/call/call.ts'
import type { Id } from '../../model/model.ts'
import { ApiError, pointer, type Issue } from '../../protocol/error.ts'
import type { CallFrame } from '../../protocol/frames.ts'
import type { UriTargets } from '../uri-target.ts'
import { frameCall, type FrameReader } from '../websocket/native/read-frame.ts'

/** The most calls of a batch. */
const MOST = 100

/** A call of a batch, as it is sent. */
interface Sent {
  readonly id?: string
  readonly method: string
  readonly uri: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export interface BatchReader extends FrameReader {
  readonly targets: UriTargets
  /** The path at which the API is mounted, which URIs may begin with. */
  readonly prefix: string
  /** Completes a call with its caller. */
  asking(call: Omit<Call, 'principal'>): Call
}

/** Reads the calls of a batch. What they ask for is read when their turn comes. Throws ApiError `validation` with all faults. */
export function readBatch(given: unknown, reader: BatchReader): BatchPart[] {
  const issues: Issue[] = []
  const note = (code: Issue['code'], at: string, detail: string): void =>
    void issues.push({ code, pointer: at, detail })
  if (!Array.isArray(given)) note('type', '#', 'must be an array of calls')
  else if (given.length === 0 || given.length > MOST) note('length', '#', `must have 1 to ${MOST} calls`)
  const calls = issues.length === 0 ? (given as unknown[]) : []
  const names = new Set<unknown>()
  for (const [i, call] of calls.entries()) {
    if (!isObject(call)) {
      note('type', `#/${i}`, 'must be an object with method and uri')
      continue
    }
    for (const [name, value] of Object.entries(call)) {
      const isRight = Object.hasOwn(members, name) ? members[name as keyof typeof members] : null
      if (!isRight) note('unknown_field', pointer('#', i, name), 'a call has id, method, uri, body and headers')
      else if (!isRight(value)) note('type', pointer('#', i, name), expected[name as keyof typeof expected])
    }
    for (const name of ['method', 'uri'])
      if (call[name] === undefined) note('required', pointer('#', i, name), 'is required')
    if (call['id'] !== undefined && names.has(call['id']))
      note('duplicate', pointer('#', i, 'id'), 'is the id of another call')
    names.add(call['id'])
  }
  if (issues.length > 0) throw new ApiError('validation', { issues })
  const make = (sent: Sent, made: ReadonlyMap<string, Id>): Call => callOf(sent, { names, made }, reader)
  return (calls as Sent[]).map(sent => ({ name: sent.id ?? null, make: made => make(sent, made) }))
}

const isText = (value: unknown): boolean => typeof value === 'string'

const members = {
  id: (value: unknown): boolean => typeof value === 'string' && value.length > 0 && value.length <= 64,
  method: isText,
  uri: isText,
  body: (): boolean => true,
  headers: (value: unknown): boolean => isObject(value) && Object.values(value).every(isText),
} as const

const expected = {
  id: 'must be a text of 1 to 64 characters',
  method: 'must be a text',
  uri: 'must be a text',
  body: '',
  headers: 'must be an object of texts',
} as const

/** What `$ref` may mean. */
interface References {
  /** The ids of all calls of the batch. */
  readonly names: ReadonlySet<unknown>
  /** The ids of the rows that calls have made so far. */
  readonly made: ReadonlyMap<string, Id>
}

function callOf(sent: Sent, references: References, reader: BatchReader): Call {
  const { body } = sent
  const input = body === undefined ? {} : { data: withIds(body, references, '#') }
  const uri = isBelow(sent.uri, reader.prefix) ? sent.uri.slice(reader.prefix.length) : sent.uri
  const method = sent.method.toUpperCase()
  const frame = { id: 0, uri, ...input, ...conditionsIn(sent.headers ?? {}) }
  const action = reader.targets.findAction(uri, method)
  const op = action ? 'act' : operationOf(method, reader.targets.find(uri)?.id === null)
  return reader.asking(frameCall(reader, reader.targets, { ...frame, op, ...(action && { method }) }))
}

const isBelow = (uri: string, prefix: string): boolean => prefix !== '' && uri.startsWith(`${prefix}/`)

function operationOf(method: string, isList: boolean): CallFrame['op'] {
  switch (method) {
    case 'GET':
      return isList ? 'list' : 'get'
    case 'POST':
      return 'create'
    case 'PUT':
      return 'replace'
    case 'PATCH':
      return 'patch'
    case 'DELETE':
      return 'delete'
  }
  throw new ApiError('method_not_allowed', { detail: 'a call of a batch is GET, POST, PUT, PATCH or DELETE' })
}

const conditions: Readonly<Record<string, 'ifMatch' | 'ifNoneMatch'>> = {
  'if-match': 'ifMatch',
  'if-none-match': 'ifNoneMatch',
}

/** The preconditions of a call, whose header fields are those of HTTP. Throws ApiError for any other field. */
function conditionsIn(headers: Readonly<Record<string, string>>): Pick<CallFrame, 'ifMatch' | 'ifNoneMatch'> {
  const found: { ifMatch?: string | string[]; ifNoneMatch?: string | string[] } = {}
  for (const [name, value] of Object.entries(headers)) {
    const word = conditions[name.toLowerCase()]
    if (!word) {
      const detail = 'a call of a batch has If-Match and If-None-Match'
      throw new ApiError('validation', { issues: [{ code: 'unknown_field', header: name, detail }] })
    }
    found[word] = value.trim() === '*' ? '*' : value.split(',').map(tag => tag.trim().replace(/^"(.*)"$/, '$1'))
  }
  return found
}

/**
 * A body in which `{"$ref": "a"}` stands for the id of the row that the call `a` has made. A `$ref` that no call has as its id is
 * data, for instance of a JSON Schema.
 */
function withIds(body: unknown, references: References, at: string): unknown {
  if (Array.isArray(body)) return body.map((one, i) => withIds(one, references, pointer(at, i)))
  if (!isObject(body)) return body
  const { $ref: name, ...others } = body
  if (typeof name !== 'string' || !references.names.has(name) || Object.keys(others).length > 0)
    return Object.fromEntries(
      Object.entries(body).map(([key, value]) => [key, withIds(value, references, pointer(at, key))]),
    )
  const id = references.made.get(name)
  if (id !== undefined) return id
  const detail = 'must be the id of an earlier call that made one row'
  throw new ApiError('validation', { issues: [{ code: 'reference', pointer: pointer(at, '$ref'), detail }] })
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
