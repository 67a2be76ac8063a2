import { ApiError } from '../../protocol/error.ts'
import { EXHAUSTED, STALE } from './schema/functions.ts'

/** Error codes of PostgreSQL (https://www.postgresql.org/docs/current/errcodes-appendix.html). */
const SERIALIZATION = '40001'
const DEADLOCK = '40P01'
const LOCKED = '55P03'
const IDLE = '25P03'
const CANCELED = '57014'
/** The role lacks a right. */
export const FORBIDDEN = '42501'

/** The code of an error: of PostgreSQL, or of the system for a connection. Empty for others. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

/** Whether others were in the way of the work. It may succeed when it runs again. */
export const isConflict = (error: unknown): boolean => [SERIALIZATION, DEADLOCK, LOCKED, STALE].includes(codeOf(error))

/** Whether the same work may succeed when it runs again. */
export const isTransient = (error: unknown): boolean => isConflict(error) || codeOf(error) === IDLE

/** The transaction, or the whole server, only reads. */
export const READ_ONLY = '25006'
/** Among others, a transaction that is to write on a replica. */
export const UNSUPPORTED = '0A000'

/** Raised by a trigger or function of the database. */
const RAISED = 'P0001'

/** Whether a write is refused for what it says: a constraint would be violated, a value is none of its type, or a trigger says so. */
export function isViolation(error: unknown): boolean {
  const code = codeOf(error)
  return code.startsWith('23') || isUnfit(error) || code === RAISED
}

/** Whether a value is none of the type of its column. */
export const isUnfit = (error: unknown): boolean => codeOf(error).startsWith('22')

export const isExhausted = (error: unknown): boolean => codeOf(error) === EXHAUSTED

/** Whether a statement took longer than it may. */
export const isCanceled = (error: unknown): boolean => codeOf(error) === CANCELED

/** Whether the network failed, not the server: such an error names the call of the system. */
export const isOfNetwork = (error: unknown): boolean => error instanceof Error && 'syscall' in error

/** The error for callers when the database does not answer. A second may be enough for it to come back. */
export function unavailable(detail: string, cause?: unknown): ApiError {
  return new ApiError('unavailable', { detail, cause, headers: { 'retry-after': '1' } })
}
