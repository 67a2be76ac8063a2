import type { Row } from './order.ts'
import { compareShown, idOf } from './order.ts'
import { isObject, isRow } from './share.ts'

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
  return shown === null ? false : isRow(shown) ? member(name, test, shown) : null
}

// oxlint-disable-next-line typescript/no-explicit-any -- the server has checked the filter
type Test = (shown: any, operand: any) => Verdict

const text =
  (method: 'includes' | 'startsWith' | 'endsWith'): Test =>
  (value, operand) =>
    typeof value === 'string' && inEveryForm(operand, one => value[method](one))

const order =
  (holds: (sign: number) => boolean): Test =>
  (value, operand) => {
    if (value === null || operand === null) return false
    if (typeof value !== 'string') return holds(compareShown(value, operand))
    return isSpelledInMoreWays(value) ? null : inEveryForm(operand, one => holds(compareShown(value, one)))
  }

const isIn: Test = (value, operand: unknown[]) => any(operand.map(one => equals(value, one)))

const tests: Readonly<Record<string, Test>> = {
  $eq: equals,
  $ne: (value, operand) => not(equals(value, operand)),
  $in: isIn,
  $nin: (value, operand) => not(isIn(value, operand)),
  $null: (value, operand) => (value === null) === operand,
  $gt: order(sign => sign > 0),
  $gte: order(sign => sign >= 0),
  $lt: order(sign => sign < 0),
  $lte: order(sign => sign <= 0),
  $contains: text('includes'),
  $startsWith: text('startsWith'),
  $endsWith: text('endsWith'),
}

/** Tests of lists of scalars. Lists of related rows may be cut, so they are left to the server. */
const listTests: Readonly<Record<string, Test>> = {
  $has: (list, operand) => list.includes(operand),
  $hasAny: (list, operand) => operand.some((one: unknown) => list.includes(one)),
  $hasAll: (list, operand) => operand.every((one: unknown) => list.includes(one)),
  $null: (_, operand) => !operand,
}

function operate(op: string, operand: unknown, shown: unknown): Verdict {
  if (!Array.isArray(shown)) return tests[op]?.(idOf(shown), operand) ?? null
  return shown.some(isObject) ? null : (listTests[op]?.(shown, operand) ?? null)
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
