import type { Row } from './order.ts'
import { compareShown, idOf } from './order.ts'
import { isObject } from './share.ts'

/** Whether a row fulfils a filter; null = what is shown of the row does not tell. */
export type Verdict = boolean | null

type Filter = Readonly<Record<string, unknown>>

/**
 * Evaluates a filter on a row as it is shown, as the server does on the stored row (docs/protocol.md §4.3). What cannot be
 * told is null: hidden fields, related rows that are not shown, operators that ignore case. It never contradicts the server.
 */
export function matches(filter: Filter | undefined, row: Row): Verdict {
  return all(Object.entries(filter ?? {}).map(([name, test]) => member(name, test, row)))
}

const all = (of: readonly Verdict[]): Verdict => (of.includes(false) ? false : of.includes(null) ? null : true)
const any = (of: readonly Verdict[]): Verdict => (of.includes(true) ? true : of.includes(null) ? null : false)
const not = (of: Verdict): Verdict => (of === null ? null : !of)

function member(name: string, test: unknown, row: Row): Verdict {
  if (name === '$and') return all((test as Filter[]).map(one => matches(one, row)))
  if (name === '$or') return any((test as Filter[]).map(one => matches(one, row)))
  if (name === '$not') return not(matches(test as Filter, row))
  if (!(name in row)) return null
  const shown: unknown = row[name]
  if (!isObject(test)) return equals(idOf(shown), test)
  return all(
    Object.entries(test).map(([op, operand]) =>
      op.startsWith('$') ? operate(op, operand, shown) : related(op, operand, shown),
    ),
  )
}

/** A condition on a related row. */
function related(name: string, test: unknown, shown: unknown): Verdict {
  if (shown === null) return false
  return isObject(shown) && !Array.isArray(shown) ? member(name, test, shown) : null
}

// oxlint-disable-next-line typescript/no-explicit-any -- the server has checked the filter
function operate(op: string, operand: any, shown: unknown): Verdict {
  if (Array.isArray(shown)) return ofList(op, operand, shown)
  const value = idOf(shown) as string | number | boolean | null
  const text = (holds: (operand: string) => boolean): Verdict =>
    typeof value === 'string' && inEveryForm(operand as string, holds)
  const order = (holds: (sign: number) => boolean): Verdict => {
    if (value === null || operand === null) return false
    if (typeof value !== 'string') return holds(compareShown(value, operand))
    return isSpelledInMoreWays(value) ? null : inEveryForm(operand, one => holds(compareShown(value, one)))
  }
  switch (op) {
    case '$eq':
      return equals(value, operand)
    case '$ne':
      return not(equals(value, operand))
    case '$in':
      return any(operand.map((one: unknown) => equals(value, one)))
    case '$nin':
      return not(any(operand.map((one: unknown) => equals(value, one))))
    case '$null':
      return (value === null) === operand
    case '$gt':
      return order(sign => sign > 0)
    case '$gte':
      return order(sign => sign >= 0)
    case '$lt':
      return order(sign => sign < 0)
    case '$lte':
      return order(sign => sign <= 0)
    case '$contains':
      return text(one => (value as string).includes(one))
    case '$startsWith':
      return text(one => (value as string).startsWith(one))
    case '$endsWith':
      return text(one => (value as string).endsWith(one))
    default:
      return null
  }
}

function equals(value: unknown, operand: unknown): Verdict {
  if (value === operand) return true
  if (typeof value !== 'string' || typeof operand !== 'string') return false
  return isSpelledInMoreWays(value) ? null : inEveryForm(operand, one => value === one)
}

/**
 * Whether a test holds for a text as it is and as the server may read it: in some types it changes capital letters to small
 * ones or removes spaces around them. null = it depends.
 */
function inEveryForm(operand: string, holds: (operand: string) => boolean): Verdict {
  const verdict = holds(operand)
  return holds(operand.trim().toLowerCase()) === verdict ? verdict : null
}

/** Decimals, large numbers and times are shown as texts, but neither compared nor written like these. */
const isSpelledInMoreWays = (value: unknown): boolean => typeof value === 'string' && /^[-+]?\d/.test(value)

/** Lists of scalars. Lists of related rows may be cut, so only the quantifiers that the server answers are left to it. */
// oxlint-disable-next-line typescript/no-explicit-any -- the server has checked the filter
function ofList(op: string, operand: any, list: readonly unknown[]): Verdict {
  if (list.some(isObject)) return null
  switch (op) {
    case '$has':
      return list.includes(operand)
    case '$hasAny':
      return operand.some((one: unknown) => list.includes(one))
    case '$hasAll':
      return operand.every((one: unknown) => list.includes(one))
    case '$null':
      return !operand
    default:
      return null
  }
}
