import type { ListNode } from './node.ts'
import { FAIL, isFull, refuse, within, type Check } from './report.ts'

/** Any iterable is a list, a string one of characters, a map one of its keys (spec: restaction §1.5). */
export function compileList({ minlen, maxlen, unique, optional }: ListNode, check: Check): Check {
  const low = `list length must >= ${Math.trunc(minlen)}`
  const high = `list length must <= ${Math.trunc(maxlen)}`
  return (value, report) => {
    if (value === undefined || value === null) return optional ? null : refuse(report, 'required')
    const items = itemsOf(value)
    if (items === null) return refuse(report, 'not list')
    const before = report.found.length
    let known = before
    const seen = unique ? new Set<unknown>() : null
    const out: unknown[] = []
    let index = 0
    for (const item of items) {
      if (index >= maxlen) return refuse(report, high)
      let result = check(item, report)
      if (seen && result !== FAIL && repeats(seen, result)) result = refuse(report, 'not unique')
      if (result === FAIL) {
        within(report, known, index)
        if (isFull(report)) return FAIL
        known = report.found.length
      } else out.push(result)
      index++
    }
    if (index < minlen) return refuse(report, low)
    return known === before ? out : FAIL
  }
}

function itemsOf(value: unknown): Iterable<unknown> | null {
  if (Array.isArray(value) || typeof value === 'string') return value as Iterable<unknown>
  if (typeof value !== 'object' || value === null) return null
  if (value instanceof Map) return value.keys()
  if (Symbol.iterator in value && typeof value[Symbol.iterator] === 'function') return value as Iterable<unknown>
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null ? Object.keys(value) : null
}

/** Compares by content; the members of what a schema gives always stand in the order of the schema. */
function repeats(seen: Set<unknown>, value: unknown): boolean {
  const content = typeof value === 'object' && value !== null ? `json ${JSON.stringify(value)}` : value
  if (seen.has(content)) return true
  seen.add(content)
  return false
}
