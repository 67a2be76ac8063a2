import { reply } from '../../src/engine/call/reply.ts'
import { action, type DeclaredAction } from '../../src/model/declare/action.ts'
import { ApiError, pointer, type Issue } from '../../src/protocol/error.ts'
import type { Code } from '../../src/protocol/codes.ts'
import { knownWords } from '../each.ts'
import { Unknown } from '../result.ts'
import { words, type ActionVector } from './vector.ts'

interface Call {
  readonly row: Readonly<Record<string, unknown>>
  readonly input: unknown
}

/** An action of a stream as the recorder describes it. */
export function declareAction(vector: ActionVector): DeclaredAction {
  knownWords(`action ${vector.method} with`, vector, words.action)
  const doing = Object.hasOwn(doings, vector.do) ? doings[vector.do] : undefined
  if (!doing) throw new Unknown(`action ${vector.do}`)
  const run = doing(vector)
  return action({ on: vector.scope === 'detail' ? 'row' : 'list', run })
}

const doings: Readonly<Record<string, (vector: ActionVector) => (call: Call) => unknown>> = {
  const:
    ({ value, status = 200 }) =>
    () =>
      reply(value, { status }),
  field:
    ({ field = '', status = 200 }) =>
    ({ row }) =>
      reply(row[field], { status }),
  notTuple:
    ({ value }) =>
    () =>
      value,
  apiException: vector => {
    const thrown = exceptionOf(vector)
    return () => {
      throw thrown()
    }
  },
  crash: () => () => {
    throw new Error('boom')
  },
}

/** Exceptions of Django REST framework, with their texts, as an application throws them here. */
const exceptions: Readonly<Record<string, readonly [code: Code, detail: string]>> = {
  PermissionDenied: ['forbidden', 'You do not have permission to perform this action.'],
  NotFound: ['not_found', 'Not found.'],
  Throttled: ['rate_limited', 'Request was throttled. Expected available in 3 seconds.'],
  NotAuthenticated: ['unauthenticated', 'Authentication credentials were not provided.'],
  AuthenticationFailed: ['unauthenticated', 'Incorrect authentication credentials.'],
  MethodNotAllowed: ['method_not_allowed', 'Method "X" not allowed.'],
  NotAcceptable: ['not_acceptable', 'Could not satisfy the request Accept header.'],
  UnsupportedMediaType: ['unsupported_media_type', 'Unsupported media type "X" in request.'],
  ParseError: ['bad_request', 'Malformed request.'],
  ValidationError: ['validation', 'Invalid input.'],
}

function exceptionOf({ exception = '', detail }: ActionVector): () => ApiError {
  const known = Object.hasOwn(exceptions, exception) ? exceptions[exception] : undefined
  if (!known) throw new Unknown(`exception ${exception}`)
  const [code, text] = known
  if (detail === undefined || typeof detail === 'string') return () => new ApiError(code, { detail: detail ?? text })
  const places: readonly (readonly [pointer: string, texts: unknown])[] = Array.isArray(detail)
    ? [['#', detail]]
    : Object.entries(detail as object).map(([name, texts]) => [
        name === 'non_field_errors' ? '#' : pointer('#', name),
        texts,
      ])
  const issues = places.flatMap(([at, texts]) =>
    [texts].flat().map((one): Issue => ({ code: 'check', pointer: at, detail: String(one) })),
  )
  return () => new ApiError(code, { issues })
}
