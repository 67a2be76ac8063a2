import type { Filter } from '../../server/client.ts'
import type { TableSort } from './keyset.ts'

/** The values of a sort as numbers, between which one can guess. */
interface Span {
  /** null = it has none, as for rows without a value. */
  numberOf(value: unknown): number | null
  /** Selects the rows whose value comes after this one. */
  beyond(n: number): Filter
}

/** The span of a sort; null if its values are no numbers and no times. */
export function spanOf({ field, kind, descending, nullable }: TableSort): Span | null {
  const valueOf = valuesOf[kind]
  if (!valueOf) return null
  const operator = descending ? '$lt' : '$gt'
  return {
    numberOf: value => {
      const n = typeof value === 'number' ? value : typeof value === 'string' ? Date.parse(value) : Number.NaN
      return Number.isFinite(n) ? n : null
    },
    beyond: n => {
      const later = { [field]: { [operator]: valueOf(n) } }
      return nullable ? { $or: [later, { [field]: { $null: true } }] } : later
    },
  }
}

const valuesOf: Readonly<Record<string, (n: number) => unknown>> = {
  integer: Math.round,
  number: n => n,
  date: n => new Date(n).toISOString().slice(0, 10),
  datetime: n => new Date(n).toISOString(),
}
