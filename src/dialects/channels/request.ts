import { ApiError } from '../../protocol/error.ts'
import { parseJson, type JsonLimits } from '../../protocol/json.ts'

/** A request that could be read: `{ stream, payload: { action, pk, data, request_id } }`. */
export interface Request {
  readonly stream: string
  /** The action as sent. It is checked later. */
  readonly action: unknown
  readonly pk: unknown
  /** undefined = missing. */
  readonly data: unknown
  readonly requestId: unknown
  /** Idempotency key, an addition to channels-api. null = none. */
  readonly key: unknown
  /** A position that must have been reached, an addition as well. null = none. */
  readonly min: unknown
  /** The earlier position to read, an addition as well. null = the present. */
  readonly at: unknown
  /** Whether the answer tells its position: it does for messages with `key`, `min` or `at`, which other servers do not have. */
  readonly wantsPosition: boolean
}

/** Why a message is no request, and those of its parts that the answer can repeat. */
export interface Unreadable {
  readonly error: string
  readonly stream: string | null
  readonly action: string | null
  readonly requestId: unknown
}

type Members = Readonly<Record<string, unknown>>

/** Reads a message. Only the first fault is reported, and faults are found in the same order as in channels-api. */
export function readRequest(text: string, limits: JsonLimits): Request | Unreadable {
  let frame: unknown
  try {
    frame = parseJson(text, limits)
  } catch (thrown) {
    return refusal(ApiError.from(thrown).message, {}, {})
  }
  if (!isMembers(frame)) return refusal('A message is an object with stream and payload', {}, {})
  const { stream, payload } = frame
  const known = isMembers(payload) ? payload : {}
  if (typeof stream !== 'string' || payload === undefined)
    return refusal('stream and payload are required', frame, known)
  if (!isMembers(payload)) return refusal('payload must be an object', frame, known)
  const { action, pk, data, request_id: requestId = null, key = null, min = null, at = null } = payload
  if (action === undefined) return refusal('action required', frame, known)
  const wantsPosition = 'key' in payload || 'min' in payload || 'at' in payload
  return { stream, action, pk, data, requestId, key, min, at, wantsPosition }
}

function refusal(error: string, frame: Members, payload: Members): Unreadable {
  const { stream } = frame
  const { action, request_id: requestId = null } = payload
  return {
    error,
    stream: typeof stream === 'string' ? stream : null,
    action: typeof action === 'string' ? action : null,
    requestId,
  }
}

export function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
