import { codes, type Code } from '../../protocol/codes.ts'
import { ApiError } from '../../protocol/error.ts'

/** Header fields of a response. A field with several lines has a list of values. */
export type ReplyHeaders = Readonly<Record<string, string | readonly string[]>>

const brand: unique symbol = Symbol('reply')

/** What an action returns together with a status and header fields. */
export interface Reply<T = unknown> {
  readonly [brand]: true
  readonly value: T
  readonly status: number
  readonly headers: ReplyHeaders
}

export interface ReplyOptions {
  /** Default: 200. */
  readonly status?: number
  readonly headers?: ReplyHeaders
}

/**
 * Gives an action's response a status other than 200, or header fields.
 *
 * @example
 * action({ run: () => reply({ made: 3 }, { status: 201, headers: { 'retry-after': '5' } }) })
 */
export function reply<T>(value: T, { status = 200, headers = {} }: ReplyOptions = {}): Reply<T> {
  return Object.freeze<Reply<T>>({ [brand]: true, value, status, headers })
}

/** Whether a returned value was made by `reply`. A symbol tells, so no plain object is taken for one by its members. */
export function isReply(value: unknown): value is Reply {
  return typeof value === 'object' && value !== null && brand in value
}

/**
 * Ends an action with an error. Clients get `error` and `message` as members of the problem document. What the action's
 * transaction did is rolled back. A Response in place of `error` is sent unchanged, under that status.
 * Throws RangeError if `status` is not between 400 and 599.
 *
 * @example
 * action({ on: 'row', run: ({ row }) => void (row.done && abort(409, 'Closed', 'this todo is closed already')) })
 */
export function abort(status: number, error?: string | Response | null, message?: unknown): never {
  if (!Number.isInteger(status) || status < 400 || status > 599)
    throw new RangeError(`abort takes a status from 400 to 599, not ${status}`)
  if (error instanceof Response) throw new ApiError(codeOf(status), { status, cause: error })
  if (error === undefined || error === null) throw new ApiError(codeOf(status), { status })
  throw new ApiError(codeOf(status), {
    status,
    error,
    ...(typeof message === 'string' ? { detail: message } : { members: { message: message ?? null } }),
  })
}

/** The error code for a status: the usual one, or the first in the table with that status. */
function codeOf(status: number): Code {
  const usual = { 400: 'bad_request', 401: 'unauthenticated', 403: 'forbidden', 503: 'unavailable' } as const
  if (status in usual) return usual[status as keyof typeof usual]
  const found = (Object.keys(codes) as Code[]).find(code => codes[code].status === status)
  return found ?? (status < 500 ? 'bad_request' : 'internal')
}
