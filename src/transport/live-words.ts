import { ApiError } from '../protocol/error.ts'
import type { Mode } from '../live/subscriptions/coalesce.ts'

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
