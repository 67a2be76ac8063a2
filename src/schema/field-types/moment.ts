import { defineType } from '../define-type.ts'
import { Refused } from '../read/refused.ts'
import type { ScalarType, StoredValue, TypeFault } from '../scalar-type.ts'
import type { Value } from '../value.ts'

export interface MomentOptions {
  /** Bounds, which are excluded themselves. They are written like the values. */
  readonly after?: string
  readonly before?: string
}

interface MomentKind {
  readonly make: (options?: MomentOptions) => ScalarType
  /** Makes the canonical text. All have the same length, so texts sort like the moments. */
  readonly canonical: (value: unknown) => string | Refused
  readonly fromDate: (date: Date) => string
  readonly format: string
  readonly input: string
  /** An example of how bounds are written. */
  readonly like: string
  readonly show?: (value: string) => Value
  /** The type of the column in PostgreSQL. */
  readonly postgres: string
}

/** Makes a type of moments: dates or date-times. */
export function momentType(name: string, options: MomentOptions, kind: MomentKind): ScalarType {
  const { after, before } = options
  const { canonical, fromDate } = kind
  return defineType({
    name,
    options,
    check: checkOf(options, canonical),
    sql: {
      column: 'TEXT',
      postgres: { type: kind.postgres, encode: value => inEra(value as string | null), decode: fromEra },
    },
    schema: { type: 'string', format: kind.format },
    bounds: [
      ...(after === undefined ? [] : [`after ${after}`]),
      ...(before === undefined ? [] : [`before ${before}`]),
    ].join(', '),
    example: exampleOf(options, fromDate),
    ...(kind.show ? { show: kind.show, shownOrder: 'moment' as const } : {}),
    print: 'quoted',
    fromDate,
    input: kind.input,
    unbounded: () => kind.make(),
    faults: () => faultsOf(options, kind),
  })
}

/** The year 0000 of ISO 8601 is the first one before Christ, and PostgreSQL knows it by no other name. */
const inEra = (canonical: string | null): string | null =>
  canonical?.startsWith('0000') === true ? `0001${canonical.slice(4)} BC` : canonical

const fromEra = (stored: StoredValue): Value =>
  (stored as string).endsWith(' BC') ? `0000${(stored as string).slice(4, -3)}` : (stored as string)

/** Checks a moment. `after` and `before` themselves are not allowed. */
function checkOf(options: MomentOptions, canonical: MomentKind['canonical']): (value: unknown) => string | Refused {
  const { after, before } = options
  if (after === undefined && before === undefined) return canonical
  const [above, below] = [after, before].map(bound => (bound === undefined ? null : canonical(bound)))
  return value => {
    const text = canonical(value)
    if (text instanceof Refused) return text
    if (typeof above === 'string' && text <= above) return new Refused('range', `must be after ${after}`)
    if (typeof below === 'string' && text >= below) return new Refused('range', `must be before ${before}`)
    return text
  }
}

function exampleOf({ after, before }: MomentOptions, fromDate: MomentKind['fromDate']): string | undefined {
  const day = 86_400_000
  let at = Date.UTC(2026, 0, 31)
  if (after !== undefined && at <= Date.parse(after)) at = Date.parse(after) + day
  if (before !== undefined && at >= Date.parse(before)) at = Date.parse(before) - day
  return Number.isNaN(at) ? undefined : fromDate(new Date(at))
}

function faultsOf(options: MomentOptions, { canonical, like }: MomentKind): TypeFault[] {
  const { after, before } = options
  const bounds = Object.entries({ after, before }).filter(([, value]) => value !== undefined)
  const wrong = bounds.filter(([, value]) => canonical(value) instanceof Refused)
  if (wrong.length > 0)
    return wrong.map(([word, value]) => ({ problem: `has "${value}" as its ${word}`, fix: `write it like ${like}` }))
  if (after === undefined || before === undefined || canonical(after) < canonical(before)) return []
  return [{ problem: `must be after ${after} and before ${before}`, fix: 'swap them' }]
}

/** Whether this is a day of the Gregorian calendar. */
export function isDay(year: number, month: number, day: number): boolean {
  return month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month)
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}
