import { codes, type Code, type IssueCode } from './codes.ts'

/** One fault of a request, and where it is: a JSON pointer into the body, a query parameter, or a header field. */
export interface Issue {
  readonly code: IssueCode
  readonly detail: string
  /** JSON pointer (RFC 6901) in the form of a URI fragment, as in the example of RFC 9457: `#/items/0/quantity`. */
  readonly pointer?: string
  readonly parameter?: string
  readonly header?: string
}

/** Where a request names what an issue is about. */
export type NamedAt = Pick<Issue, 'header' | 'pointer' | 'parameter'>

/** The texts of a problem document: the detail for people, and the word that replaces the code. */
export type ErrorWords = Pick<ErrorOptions, 'detail' | 'error'>

/** What an ApiError can carry beside its code. */
export interface ErrorOptions {
  /** What happened this time, as a sentence for people. Default: the first of `issues`, else the title of the code. */
  readonly detail?: string
  readonly issues?: readonly Issue[]
  /** Replaces the status of the code. `abort(status, …)` uses it. */
  readonly status?: number
  /** Replaces the code as the `error` of the problem document: the word given to `abort(status, error, message)`. */
  readonly error?: string
  /** Header fields of the answer, such as `allow` or `retry-after`. Names are in lower case. */
  readonly headers?: Readonly<Record<string, string>>
  /** Further members of the problem document. */
  readonly members?: Readonly<Record<string, unknown>>
  /** Members that are true only now, such as the present row. They are not kept with an idempotency key. */
  readonly passingMembers?: Readonly<Record<string, unknown>>
  readonly cause?: unknown
  /** Marks a 5xx that a caller can provoke at will. It is answered, but not logged as a fault. */
  readonly expected?: boolean
}

/**
 * The one class of errors that callers are told about. Match on `code`, never on the text.
 *
 * @example
 * try {
 *   await app.patch('todo', 7, { done: true }, { ifMatch })
 * } catch (error) {
 *   if (error instanceof ApiError && error.code === 'precondition_failed') await reload()
 *   else throw error
 * }
 */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly code: Code
  readonly status: number
  readonly error: string
  readonly issues: readonly Issue[]
  readonly headers: Readonly<Record<string, string>>
  readonly members: Readonly<Record<string, unknown>>
  /** The members that will still be true later. */
  readonly lastingMembers: Readonly<Record<string, unknown>>
  /** Whether the server is at fault, so that the error belongs in the log. */
  readonly isFault: boolean

  constructor(code: Code, options: ErrorOptions = {}) {
    const issues = options.issues ?? []
    super(options.detail ?? describe(code, issues), options.cause === undefined ? {} : { cause: options.cause })
    this.code = code
    this.status = options.status ?? codes[code].status
    this.error = options.error ?? code
    this.issues = issues
    this.headers = options.headers ?? {}
    this.lastingMembers = options.members ?? {}
    this.members = options.passingMembers ? { ...options.members, ...options.passingMembers } : this.lastingMembers
    this.isFault = this.status >= 500 && code !== 'not_implemented' && options.expected !== true
  }

  /**
   * Turns anything thrown into an ApiError. What is not one becomes `internal`: its text goes to the log, never to the client.
   */
  static from(thrown: unknown): ApiError {
    return thrown instanceof ApiError
      ? thrown
      : new ApiError('internal', { detail: codes.internal.title, cause: thrown })
  }
}

function describe(code: Code, issues: readonly Issue[]): string {
  const first = issues[0]
  if (!first) return codes[code].title
  const place = first.pointer ?? first.parameter ?? first.header
  const text = place === undefined ? first.detail : `${place}: ${first.detail}`
  return issues.length === 1 ? text : `${text} (and ${issues.length - 1} more)`
}

/**
 * A problem document (RFC 9457). `error` and `message` are for clients that read only these two.
 *
 * @example
 * const problem = (await answer.json()) as Problem
 * if (problem.error === 'validation') show(problem.errors)
 */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly instance?: string
  readonly error: string
  readonly message: string
  readonly requestId?: string
  /**
   * After how many seconds another try makes sense. It repeats `Retry-After` for clients on sockets, which see no header
   * fields.
   */
  readonly retryAfter?: number
  readonly errors?: readonly Issue[]
  readonly [member: string]: unknown
}

/**
 * The `type` of a problem: a URI of the host that answers (RFC 9457 §3.1.1), at which the server explains it. It is the same on every face
 * and wherever the API is mounted.
 */
export function problemType(code: Code): string {
  return `/problems/${code}`
}

/** Makes the problem document of an error. `instance` names this occurrence, and `requestId` finds it in the log. */
export function problemOf(error: ApiError, at: { instance?: string; requestId?: string } = {}): Problem {
  // `Retry-After` may also be a date. Clients that understand it read the header field.
  const later = Number(error.headers['retry-after'])
  return {
    type: problemType(error.code),
    title: codes[error.code].title,
    status: error.status,
    detail: error.message,
    ...(at.instance === undefined ? {} : { instance: at.instance }),
    error: error.error,
    message: error.message,
    ...(at.requestId === undefined ? {} : { requestId: at.requestId }),
    ...(Number.isNaN(later) ? {} : { retryAfter: later }),
    ...(error.issues.length ? { errors: error.issues } : {}),
    ...error.members,
  }
}

/**
 * Appends segments to a JSON pointer in the form of a URI fragment: `pointer('#', 'items', 0)` is `#/items/0` (RFC 6901 §3,
 * §6).
 */
export function pointer(base: string, ...segments: (string | number)[]): string {
  let p = base
  for (const s of segments)
    p +=
      '/' +
      (typeof s === 'number' || PLAIN.test(s) ? s : encodeURIComponent(s.replaceAll('~', '~0').replaceAll('/', '~1')))
  return p
}

// Matches nearly every name, in which nothing needs escaping. This runs for each field of each body, so it must be fast.
const PLAIN = /^[\w.-]*$/
