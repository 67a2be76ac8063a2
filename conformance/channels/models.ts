import { reply } from '../../src/engine/reply.ts'
import { action, type DeclaredAction } from '../../src/model/action.ts'
import type { AnyResource } from '../../src/model/declaration.ts'
import {
  AllowAny,
  IsAuthenticated,
  permissionClasses,
  type PermissionClass,
} from '../../src/dialects/channels/permission.ts'
import type { Caller, Permission } from '../../src/model/permission.ts'
import { resource } from '../../src/model/resource.ts'
import { all, always, type Rule } from '../../src/model/rule.ts'
import { ApiError } from '../../src/protocol/error.ts'
import { t } from '../../src/schema/builder.ts'
import type { Fields } from '../../src/schema/types.ts'
import type { ActionVector, PermissionVector, StreamVector } from './vector.ts'

type Rows = Readonly<Record<string, { is(value: unknown): Rule }>>

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** The models that cases name, as their prose says; `lookup` must be unique here. */
function fieldsOf({ model, rejectText, lookupField }: StreamVector): Fields | null {
  const text = t.text({ min: 1, max: 20 }).check(value => value !== rejectText || 'Text is not allowed.')
  switch (model) {
    case 'question':
      return {
        id: t.id(),
        question_text: lookupField === 'question_text' ? text.unique() : text,
        votes: t.integer().default(0),
        published: t.bool().default(false),
      }
    case 'tag':
      return { slug: t.id('text', { client: true }), label: t.text({ max: 10 }).default('') }
    case 'typed':
      return {
        id: t.id(),
        amount: t.decimal({ digits: 6, places: 2 }),
        due: t.date().nullable(),
        uid: t
          .text()
          .check(value => uuid.test(value) || 'Must be a valid UUID.')
          .nullable(),
        score: t.integer().default(0),
      }
    case 'thing':
      return { pk: t.id(), name: t.text(), counter: t.integer().default(0) }
    default:
      return null
  }
}

/** Declares a stream; a text names what the runner does not know. `log` hears of what permissions were asked. */
export function declareStream(
  name: string,
  stream: StreamVector,
  pageSize: number,
  log: unknown[],
): AnyResource | string {
  const fields = fieldsOf(stream)
  if (!fields) return `model ${stream.model}`
  const permissions = permissionsOf(stream.permissions, log)
  if (typeof permissions === 'string') return permissions
  const actions: Record<string, DeclaredAction> = {}
  for (const vector of stream.customActions ?? []) {
    const run = runOf(vector)
    if (!run) return `action ${vector.do}`
    actions[vector.name ?? vector.method] = action({ on: vector.scope === 'detail' ? 'row' : 'list', run })
  }
  const declared = resource(fields, { label: `vec.${stream.model}` })
    .envelope({
      stream: name,
      page: pageSize,
      ...(stream.lookupField !== undefined && { lookup: stream.lookupField }),
      ...(stream.base === 'readonly' && { operations: ['retrieve', 'list'] as const }),
    })
    .permissions(...permissions)
    .actions(actions)
  if (stream.filter) {
    // A queryset that is filtered is a rule here.
    const wanted = Object.entries(stream.filter)
    return declared.rules((_, row) => ({
      read: all(...wanted.map(([field, value]) => (row as Rows)[field]!.is(value))),
      create: always,
      write: always,
      delete: always,
    }))
  }
  return stream.objectRule
    ? declared.check(row => Number((row as Record<string, unknown>)['votes']) >= 0 || 'Votes must not be negative.')
    : declared
}

/** The permissions of a case; a text names what the runner does not know. */
export function permissionsOf(vectors: readonly PermissionVector[] | undefined, log: unknown[]): Permission[] | string {
  const permissions: PermissionClass[] = []
  for (const vector of vectors ?? []) {
    if (typeof vector !== 'string') {
      if (!vector.allow) return 'permission allowPairs'
      const { allow } = vector
      permissions.push((who: Caller, name: string, pk: unknown) => {
        log.push({ permission: { action: name, pk: pk ?? null, user: who?.['name'] ?? null } })
        return allow.includes(name)
      })
    } else if (vector === 'AllowAny') permissions.push(AllowAny)
    else if (vector === 'IsAuthenticated') permissions.push(IsAuthenticated)
    else if (vector === 'BasePermission') permissions.push(() => false)
    else return `permission ${vector}`
  }
  return permissions.length === 0 ? [] : [permissionClasses(...permissions)]
}

function runOf(vector: ActionVector): (({ row }: { row: Readonly<Record<string, unknown>> }) => unknown) | null {
  switch (vector.do) {
    case 'const':
      return () => reply(vector.value, { status: vector.status ?? 200 })
    case 'field':
      return ({ row }) => row[vector.field!]
    case 'notTuple':
      return () => vector.value
    case 'apiException':
      return () => {
        throw exceptions[vector.exception ?? '']!()
      }
    case 'crash':
      return () => {
        throw new Error('boom')
      }
    default:
      return null
  }
}

/** Exceptions of Django REST framework as an application throws them here. */
const exceptions: Readonly<Record<string, () => ApiError>> = {
  PermissionDenied: () => new ApiError('forbidden', { detail: 'You do not have permission to perform this action.' }),
  NotFound: () => new ApiError('not_found', { detail: 'Not found.' }),
  Throttled: () => new ApiError('rate_limited', { detail: 'Request was throttled. Expected available in 3 seconds.' }),
  NotAuthenticated: () => new ApiError('unauthenticated', { detail: 'Authentication credentials were not provided.' }),
  MethodNotAllowed: () => new ApiError('method_not_allowed', { detail: 'Method "X" not allowed.' }),
  ParseError: () => new ApiError('bad_request', { detail: 'Malformed request.' }),
}
