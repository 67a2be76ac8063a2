/**
 * Returns the former value wherever the new one says the same. So what did not change is the same object, and a view that
 * compares by identity draws only what did.
 */
export function share<T>(former: unknown, now: T): T {
  if (former === now || !isObject(now) || !isObject(former) || Array.isArray(now) !== Array.isArray(former)) return now
  const keys = Object.keys(now)
  const copy: Record<string, unknown> = {}
  let isSame = keys.length === Object.keys(former).length
  for (const key of keys) {
    copy[key] = share(former[key], now[key])
    if (copy[key] !== former[key] || !(key in former)) isSame = false
  }
  return (isSame ? former : Array.isArray(now) ? Object.values(copy) : copy) as T
}

/** Applies a merge patch (RFC 7396) to the value of a JSON field, as the server does. */
export function merge(value: unknown, patch: unknown): unknown {
  if (!isRow(patch)) return patch
  const merged: Record<string, unknown> = isRow(value) ? { ...value } : {}
  for (const [name, member] of Object.entries(patch)) {
    if (member === null) delete merged[name]
    else merged[name] = merge(merged[name], member)
  }
  return merged
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

/** Whether a value is an object with members: a row, or the value of a JSON field. */
export function isRow(value: unknown): value is Record<string, unknown> {
  return isObject(value) && !Array.isArray(value)
}
