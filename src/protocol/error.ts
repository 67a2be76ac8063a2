import { codes, type Code, type IssueCode } from './codes.ts'

/** One thing wrong with a request, and where: a JSON pointer into the body, a query parameter, or a header. */
export interface Issue {
  readonly code: IssueCode
  readonly detail: string
  /** RFC 6901 pointer in URI-fragment form (`#/items/0/quantity`), as in RFC 9457's example. */
  readonly pointer?: string
  readonly parameter?: string
  readonly header?: string
}

/** What a problem document says in words: of this occurrence, for people, and in the place of the code. */
export type ErrorWords = Pick<ErrorOptions, 'detail' | 'error'>

export interface ErrorOptions {
  /** This occurrence, for people. */
  readonly detail?: string
  readonly issues?: readonly Issue[]
  /** Overrides the code's status; `abort(status, …)` uses it. */
  readonly status?: number
  /** The words of `abort(status, error, message)`; replaces the code as the problem's `error`. */
  readonly error?: string
  /** Header fields that belong to the answer (`Allow`, `Retry-After`, `WWW-Authenticate` …), names in lower case. */
  readonly headers?: Readonly<Record<string, string>>
  /** Further members of the problem document. */
  readonly members?: Readonly<Record<string, unknown>>
  readonly cause?: unknown
  /** A 5xx that whoever asks brings about: it is answered, and nobody writes it down. */
  readonly expected?: boolean
}

/** The one error class. Users match on `code`, never on the text. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly code: Code
  readonly status: number
  readonly error: string
  readonly issues: readonly Issue[]
  readonly headers: Readonly<Record<string, string>>
  readonly members: Readonly<Record<string, unknown>>
  /** It is ours, and belongs in the log. */
  readonly isFault: boolean

  constructor(code: Code, options: ErrorOptions = {}) {
    const issues = options.issues ?? []
    super(options.detail ?? describe(code, issues), options.cause === undefined ? {} : { cause: options.cause })
    this.code = code
    this.status = options.status ?? codes[code].status
    this.error = options.error ?? code
    this.issues = issues
    this.headers = options.headers ?? {}
    this.members = options.members ?? {}
    this.isFault = this.status >= 500 && code !== 'not_implemented' && options.expected !== true
  }

  /** The single funnel from an unknown throw: what is not an ApiError is `internal`, its text kept for the log only. */
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

/** The document of RFC 9457; `error` and `message` are for clients that read no more than these two. */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly instance?: string
  readonly error: string
  readonly message: string
  readonly requestId?: string
  /** Seconds after which it is worth another try: `Retry-After` for those who see no header fields, as on sockets. */
  readonly retryAfter?: number
  readonly errors?: readonly Issue[]
  readonly [member: string]: unknown
}

/** Makes the problem document of an error; `instance` names this occurrence, `requestId` finds it in the log. */
export function problemOf(error: ApiError, at: { instance?: string; requestId?: string } = {}): Problem {
  // A date says it as well, but to those who read header fields.
  const later = Number(error.headers['retry-after'])
  return {
    type: `/problems/${error.code}`,
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

/** Appends segments to a pointer in URI-fragment form: `pointer('#', 'items', 0)` → `#/items/0` (RFC 6901 §3, §6). */
export function pointer(base: string, ...segments: (string | number)[]): string {
  let p = base
  for (const s of segments)
    p +=
      '/' +
      (typeof s === 'number' || PLAIN.test(s) ? s : encodeURIComponent(s.replaceAll('~', '~0').replaceAll('/', '~1')))
  return p
}

// Nearly every name: nothing in it is escaped. Each field of each body has its pointer, so that this is a hot path.
const PLAIN = /^[\w.-]*$/
