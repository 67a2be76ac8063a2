import { ApiError, type Issue } from '../../protocol/error.ts'
import { modeOf, tellsPatches, waitsOf } from '../../transport/subscription-options.ts'
import type { Mode } from '../../live/subscriptions/coalesce.ts'

/** A message in one of the five events of Flask-SocketAPI, or several calls as one. */
export type Message =
  | { readonly event: 'create'; readonly uri: string; readonly attributes: unknown }
  | { readonly event: 'patch'; readonly uri: string; readonly patch: unknown }
  | { readonly event: 'delete'; readonly uri: string }
  | { readonly event: 'subscribe' | 'unsubscribe'; readonly uri: string }
  | { readonly event: 'batch'; readonly calls: unknown }

/** The options of a message, its last argument. A client without options gets the answers of Flask-SocketAPI. */
export interface MessageOptions {
  /** The position after which to continue. */
  readonly since: string | null
  readonly mode: Mode
  /** A row that is not there yet is waited for. */
  readonly waits: boolean
  /** A patch that many rows have in common is told once. */
  readonly patchesOnce: boolean
  /** A position that must have been reached. */
  readonly min: string | null
  /** Entity tag without quotes. */
  readonly ifMatch: string | null
  /** Idempotency key. */
  readonly key: string | null
}

type Given = Readonly<Record<string, unknown>>
type Event = Message['event']

const events: ReadonlySet<string> = new Set<Event>(['create', 'patch', 'delete', 'subscribe', 'unsubscribe', 'batch'])
const wordsOf: Readonly<Record<Event, ReadonlySet<string>>> = {
  create: new Set(['min', 'key']),
  patch: new Set(['min', 'ifMatch', 'key']),
  delete: new Set(['min', 'ifMatch', 'key']),
  subscribe: new Set(['min', 'since', 'mode', 'absent', 'changes']),
  unsubscribe: new Set(),
  batch: new Set(['min', 'key']),
}

export function isEvent(name: unknown): name is Event {
  return typeof name === 'string' && events.has(name)
}

/**
 * Reads the first argument of an event. An argument that makes no sense caused a TypeError in Flask-SocketAPI. It does here as
 * well, unless the client gave options.
 */
export function readMessage(event: Event, given: unknown, plain: boolean): Message {
  const wrong = (detail: string): Error =>
    plain ? new TypeError(detail) : new ApiError('validation', { issues: [{ pointer: '#', code: 'type', detail }] })
  if (event === 'batch') return { event, calls: given }
  if (event === 'subscribe' || event === 'unsubscribe') {
    if (typeof given === 'string') return { event, uri: given }
    throw wrong('a URI is expected')
  }
  // Flask-SocketAPI also looked for "uri" in texts and lists, where it usually is not.
  if (plain && (typeof given === 'string' || Array.isArray(given)) && !given.includes('uri')) throw missingUri()
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw wrong('an object with a uri is expected')
  const { uri, attributes = {}, patch = {} } = given as Given
  if (uri === undefined) throw missingUri()
  if (typeof uri !== 'string') {
    throw new ApiError('validation', { issues: [{ pointer: '#/uri', code: 'type', detail: 'must be a text' }] })
  }
  switch (event) {
    case 'create':
      return { event, uri, attributes }
    case 'patch':
      return { event, uri, patch }
    case 'delete':
      return { event, uri }
  }
}

function missingUri(): ApiError {
  return new ApiError('bad_request', { error: 'InvalidRequestError', detail: 'missing URI' })
}

/** Reads options. Throws ApiError `validation` with all their faults. */
export function readOptions(event: Event, given: unknown): MessageOptions {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new ApiError('validation', { issues: [{ code: 'type', detail: 'options are an object' }] })
  }
  const issues: Issue[] = []
  for (const name of Object.keys(given)) {
    if (wordsOf[event].has(name)) continue
    issues.push({ code: 'unknown_param', pointer: `#/${name}`, detail: `there is no option ${name} of ${event}` })
  }
  const text = (name: string): string | null => {
    const value = (given as Given)[name]
    if (value === undefined || value === null) return null
    if (typeof value === 'string' && /^[\x21-\x7e]{1,255}$/.test(value)) return value
    issues.push({ code: 'format', pointer: `#/${name}`, detail: 'must be 1 to 255 visible ASCII characters' })
    return null
  }
  const [min, since, ifMatch, key] = [text('min'), text('since'), text('ifMatch'), text('key')]
  if (issues.length > 0) throw new ApiError('validation', { issues })
  const { mode, absent, changes } = given as Given
  return {
    min,
    since,
    ifMatch,
    key,
    mode: modeOf(mode, { pointer: '#/mode' }),
    waits: waitsOf(absent, { pointer: '#/absent' }),
    patchesOnce: tellsPatches(changes, { pointer: '#/changes' }),
  }
}
