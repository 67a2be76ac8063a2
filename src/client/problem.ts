import type { Code, IssueCode } from '../protocol/codes.ts'

/**
 * Codes of the client itself: `offline` = nothing could be sent, `aborted` = the signal of the request, `closed` = the client
 * was closed, `unreadable` = the answer is not one of this protocol.
 */
export type LocalCode = 'offline' | 'aborted' | 'closed' | 'unreadable'

/** One fault of a request. */
export interface Complaint {
  /** Where in the body: `#/title`, `#/items/3/product`. */
  readonly pointer?: string
  /** The parameter of the query. */
  readonly parameter?: string
  readonly code: IssueCode
  /** A sentence for people. Its words may change; match on `code`. */
  readonly detail: string
}

/** A problem document (RFC 9457), as far as the client reads it. */
export interface ProblemDocument {
  readonly error: string
  readonly status?: number
  readonly title?: string
  readonly detail?: string
  readonly errors?: readonly Complaint[]
  readonly retryAfter?: number
  readonly requestId?: string
  readonly [member: string]: unknown
}

/**
 * A refused request. C are the codes that it may have, P the members of its body.
 *
 * @example
 * try {
 *   await api.todo.create({ text: '' })
 * } catch (error) {
 *   if (error instanceof Problem && error.code === 'validation') show(error.at('#/text')?.detail)
 * }
 */
export class Problem<C extends string = Code | LocalCode, P extends PropertyKey = string> extends Error {
  override readonly name = 'Problem'
  /** Stable in all versions, unlike `message`. */
  declare readonly code: C
  /** The HTTP status. 0 = it did not come from the server. */
  declare readonly status: number
  declare readonly issues: readonly Complaint[]
  /** After how many seconds a repetition may succeed. */
  declare readonly retryAfter: number | undefined
  /** Names the request in the log of the server. */
  declare readonly requestId: string | undefined
  /** The whole document. Errors of actions may have members of their own. */
  declare readonly document: ProblemDocument

  constructor(document: ProblemDocument, cause?: unknown) {
    super(document.detail ?? document.title ?? document.error, { cause })
    this.code = document.error as C
    this.status = document.status ?? 0
    this.issues = document.errors ?? []
    this.retryAfter = document.retryAfter
    this.requestId = document.requestId
    this.document = document
  }

  /** Whether the same request may succeed later. */
  get isPassing(): boolean {
    return this.status === 0 ? (this.code as string) === 'offline' : this.status === 429 || this.status >= 500
  }

  /** The first fault at a pointer or below it: `problem.at('#/items/3')`. */
  at(pointer: string): Complaint | undefined {
    return this.issues.find(one => one.pointer === pointer || one.pointer?.startsWith(`${pointer}/`))
  }

  /** What is wrong with each member of the body: `problem.fields.text?.[0]?.detail`. */
  get fields(): { readonly [X in P & string]?: readonly Complaint[] } {
    const by: Record<string, Complaint[]> = {}
    for (const one of this.issues) {
      const member = one.pointer?.split('/')[1]
      if (member !== undefined) (by[member] ??= []).push(one)
    }
    return by as unknown as { readonly [X in P & string]?: readonly Complaint[] }
  }
}

/** A problem of the client itself. */
export function local(error: LocalCode, detail: string, cause?: unknown): Problem {
  return new Problem({ error, detail }, cause)
}

/** The problem of whatever is asked of a client, or a live query, that was closed. */
export const closed = (): Problem => local('closed', 'it was closed')

/** The problem of a request whose signal was aborted. */
export const aborted = (cause?: unknown): Problem => local('aborted', 'the request was aborted', cause)

/** A request under way. It throws a {@link Problem} if it is refused. */
export interface Asked<T, P = Problem> extends Promise<T> {
  /**
   * Returns the problem instead of throwing it.
   *
   * @example
   * const made = await api.todo.create({ text }).safe()
   * if (!made.ok) show(made.problem.fields.text?.[0]?.detail)
   */
  safe(): Promise<Settled<T, P>>
}

/** A result, or why there is none. */
export type Settled<T, P> =
  | { readonly ok: true; readonly value: T; readonly problem?: never }
  | { readonly ok: false; readonly problem: P; readonly value?: never }

/** Adds `safe()` to a promise that is rejected with problems only. */
export function asked<T, P>(work: Promise<T>): Asked<T, P> {
  return Object.assign(work, {
    safe: (): Promise<Settled<T, P>> =>
      work.then(
        value => ({ ok: true, value }),
        (problem: P) => ({ ok: false, problem }),
      ),
  })
}
