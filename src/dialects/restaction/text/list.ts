import type { ListNode } from './node.ts'
import { FAIL, isFull, noteRefusal, placeWithin, type TextCheck, type Report } from './report.ts'
import { listCode, type Fits } from './straight-line.ts'

/** Any iterable is a list: a string is a list of characters, a map a list of its keys. */
export function compileList(node: ListNode, check: TextCheck, fits: Fits | null): TextCheck {
  const { minlen, maxlen, unique, optional } = node
  const low = `list length must >= ${Math.trunc(minlen)}`
  const high = `list length must <= ${Math.trunc(maxlen)}`

  /** Takes the items from an index on. `out` is null once one has failed. */
  const take = (items: Iterable<unknown>, report: Report, from: number, out: unknown[] | null): unknown => {
    const seen = unique ? new Set<unknown>() : null
    let result = out
    let index = from
    for (const item of items) {
      if (index >= maxlen) return noteRefusal(report, high)
      const known = report.count
      let taken = check(item, report)
      if (seen && taken !== FAIL && repeats(seen, taken)) taken = noteRefusal(report, 'not unique')
      if (taken === FAIL) {
        placeWithin(report, known, index)
        if (isFull(report)) return FAIL
        result = null
      } else result?.push(taken)
      index++
    }
    if (index < minlen) return noteRefusal(report, low)
    return result ?? FAIL
  }
  const slow: TextCheck = (value, report) => {
    if (value === undefined || value === null) return optional ? null : noteRefusal(report, 'required')
    const items = itemsOf(value)
    return items === null ? noteRefusal(report, 'not list') : take(items, report, 0, [])
  }
  if (unique) return slow
  return listCode(check, fits, minlen, maxlen, {
    slow,
    failed(value, report, before, at) {
      placeWithin(report, before, at)
      return isFull(report) ? FAIL : take((value as unknown[]).slice(at + 1), report, at + 1, null)
    },
  })
}

function itemsOf(value: unknown): Iterable<unknown> | null {
  if (Array.isArray(value) || typeof value === 'string') return value as Iterable<unknown>
  if (typeof value !== 'object' || value === null) return null
  if (value instanceof Map) return value.keys()
  if (Symbol.iterator in value && typeof value[Symbol.iterator] === 'function') return value as Iterable<unknown>
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null ? Object.keys(value) : null
}

/**
 * Whether the same value was seen before. Values are compared by content: members of a validated value are always in the order
 * of the schema.
 */
function repeats(seen: Set<unknown>, value: unknown): boolean {
  const content = typeof value === 'object' && value !== null ? `json ${JSON.stringify(value)}` : value
  if (seen.has(content)) return true
  seen.add(content)
  return false
}
