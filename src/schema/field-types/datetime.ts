import { Refused } from '../read/refused.ts'
import type { ScalarType } from '../scalar-type.ts'
import { isDay, momentType, type MomentOptions } from './moment.ts'

/** A date-time of RFC 3339 §5.6. It is stored in UTC with milliseconds, and shown without their trailing zeros. */
export function datetime(options: MomentOptions = {}): ScalarType {
  return momentType('datetime', options, {
    make: datetime,
    canonical: canonicalDatetime,
    fromDate: moment => moment.toISOString(),
    format: 'date-time',
    input: 'datetime-local',
    like: '2026-01-31T12:00:00Z',
    show: printDatetime,
    postgres: 'timestamp(3) with time zone',
  })
}

// RFC 3339 allows a small T and Z.
const DATETIME =
  /^([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))$/

/** A moment as `YYYY-MM-DDTHH:MM:SS.mmmZ`. Fractions of milliseconds are cut off. */
export function canonicalDatetime(value: unknown): string | Refused {
  if (typeof value !== 'string') return new Refused('type', 'must be a date-time in text')
  const match = DATETIME.exec(value)
  if (!match) return notAMoment()
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const ms = Number((match[7] ?? '').slice(0, 3).padEnd(3, '0'))
  const offset = match[8] ? (match[8] === '-' ? -1 : 1) * (Number(match[9]) * 60 + Number(match[10])) : 0
  if (!isDay(year, month, day) || hour > 23 || minute > 59 || second > 59) return notAMoment()
  if (match[8] && (Number(match[9]) > 23 || Number(match[10]) > 59)) return notAMoment()
  // Date.UTC would take the years 0 to 99 for 1900 to 1999.
  const moment = new Date(0)
  moment.setUTCFullYear(year, month - 1, day)
  moment.setUTCHours(hour, minute - offset, second, ms)
  const text = moment.toISOString()
  return text.length === 24 ? text : new Refused('range', 'must be a moment of the years 0000 to 9999 in UTC')
}

/** A canonical moment as it is shown: without trailing zeros in its milliseconds. */
export function printDatetime(canonical: string): string {
  if (canonical.length !== 24) return canonical
  let end = 23
  while (canonical.charCodeAt(end - 1) === 48 && end > 20) end--
  return canonical.slice(0, end === 20 ? 19 : end) + 'Z'
}

function notAMoment(): Refused {
  return new Refused('format', 'must be a date-time of RFC 3339 like "2026-01-31T12:00:00Z"')
}
