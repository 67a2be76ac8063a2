import { ApiError, type Issue } from '../../../protocol/error.ts'
import type { ClientFrame, RequestId } from '../../../protocol/frames.ts'
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
  subscribe: { ...target, since: 'string', mode: 'mode', absent: 'string' },
  unsubscribe: { sub: 'id' },
  ping: {},
}

const needed: readonly string[] = ['uri', 'sub']

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
