import { ApiError } from '../protocol/error.ts'

/** Parses what becomes of a subscription to a row that is not there: without `wait` it is refused. */
export function waitsOf(value: unknown, place: { parameter?: string; pointer?: string }): boolean {
  if (value === undefined) return false
  if (value === 'wait') return true
  throw new ApiError('validation', { issues: [{ ...place, code: 'enum', detail: 'must be wait' }] })
}

/**
 * How many milliseconds a client should wait before it connects again. Each client gets another number, so that those that a
 * restart has disconnected do not all come back at the same moment.
 */
export function reconnectDelay(): number {
  return 1_000 + Math.floor(Math.random() * 2_000)
}
