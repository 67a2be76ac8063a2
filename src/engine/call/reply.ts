import { codes, type Code } from '../../protocol/codes.ts'
import { ApiError } from '../../protocol/error.ts'

/** Header fields of an answer; several lines of one name are a list. */
export type ReplyHeaders = Readonly<Record<string, string | readonly string[]>>

const brand: unique symbol = Symbol('reply')

/** What an action answers, with its status and header fields. */
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

/** Answers with a status or header fields of one's own; an array as such is data. */
export function reply<T>(value: T, { status = 200, headers = {} }: ReplyOptions = {}): Reply<T> {
  return Object.freeze<Reply<T>>({ [brand]: true, value, status, headers })
}

export function isReply(value: unknown): value is Reply {
  return typeof value === 'object' && value !== null && brand in value
}

/**
 * Ends an action with an error: its status, and the words that clients find as `error` and `message`. A Response instead
 * of words is sent as it is, under that status. What the action's transaction did is undone.
 */
export function abort(status: number, error?: string | Response | null, message?: string | null): never {
  if (!Number.isInteger(status) || status < 400 || status > 599)
    throw new RangeError(`abort takes a status from 400 to 599, not ${status}`)
  if (error instanceof Response) throw new ApiError(codeOf(status), { status, cause: error })
  if (error === undefined || error === null) throw new ApiError(codeOf(status), { status })
  throw new ApiError(codeOf(status), {
    status,
    error,
    ...(typeof message === 'string' ? { detail: message } : { members: { message: null } }),
  })
}

/** The code that stands for a status where nobody chose one. */
function codeOf(status: number): Code {
  const usual = { 400: 'bad_request', 401: 'unauthenticated', 403: 'forbidden', 503: 'unavailable' } as const
  if (status in usual) return usual[status as keyof typeof usual]
  const found = (Object.keys(codes) as Code[]).find(code => codes[code].status === status)
  return found ?? (status < 500 ? 'bad_request' : 'internal')
}
