import type { Mode } from '../live/subscriptions/coalesce.ts'
import { ApiError } from '../protocol/error.ts'

/** The longest interval of a `mode`, in milliseconds: a day. */
const LONGEST = 86_400_000

/** Parses how much a subscriber wants to receive: `every`, `latest`, or at most once in so many milliseconds. */
export function modeOf(value: unknown, place: { parameter?: string; pointer?: string }): Mode {
  if (value === undefined) return 'every'
  if (value === 'every' || value === 'latest') return value
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= LONGEST) return value
  const detail = `must be every, latest, or milliseconds between 1 and ${LONGEST}`
  throw new ApiError('validation', { issues: [{ ...place, code: 'enum', detail }] })
}

/** Parses what becomes of a subscription to a row that is not there: without `wait` it is refused. */
export function waitsOf(value: unknown, place: { parameter?: string; pointer?: string }): boolean {
  if (value === undefined) return false
  if (value === 'wait') return true
  throw new ApiError('validation', { issues: [{ ...place, code: 'enum', detail: 'must be wait' }] })
}

/** Parses how changed rows are told: whole or, with `patch`, as their changed members. */
export function tellsPatches(value: unknown, place: { pointer: string }): boolean {
  if (value === undefined) return false
  if (value === 'patch') return true
  throw new ApiError('validation', { issues: [{ ...place, code: 'enum', detail: 'must be patch' }] })
}

/**
 * How many milliseconds a client should wait before it connects again. Each client gets another number, so that those that a
 * restart has disconnected do not all come back at the same moment.
 */
export function reconnectDelay(): number {
  return 1_000 + Math.floor(Math.random() * 2_000)
}
