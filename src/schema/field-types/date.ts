import { Refused } from '../read/refused.ts'
import type { ScalarType } from '../scalar-type.ts'
import { isDay, momentType, type MomentOptions } from './moment.ts'

/** A full-date of RFC 3339 §5.6, `YYYY-MM-DD`. */
export function date(options: MomentOptions = {}): ScalarType {
  return momentType('date', options, {
    make: date,
    canonical: canonicalDate,
    fromDate: moment => moment.toISOString().slice(0, 10),
    format: 'date',
    input: 'date',
    like: '2026-01-31',
    postgres: 'date',
  })
}

const DATE = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/

function canonicalDate(value: unknown): string | Refused {
  if (typeof value !== 'string') return new Refused('type', 'must be a date in text')
  const match = DATE.exec(value)
  if (!match || !isDay(Number(match[1]), Number(match[2]), Number(match[3])))
    return new Refused('format', 'must be a date like "2026-01-31"')
  return value
}
