/**
 * A value in the form that JSON can express, or undefined if it cannot: functions, NaN, and instances of classes without
 * `toJSON`, whose private parts nobody meant to publish. Undefined members are left out.
 */
export function plainJson(value: unknown): unknown {
  return value === undefined || value === null ? null : isPlain(value, 0) ? value : undefined
}

function isPlain(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'undefined':
      return true
    case 'number':
      return Number.isFinite(value)
    case 'object':
      return value === null || isPlainObject(value, depth)
    default:
      return false
  }
}

function isPlainObject(value: object, depth: number): boolean {
  if (depth > 100) return false // probably a cycle
  if (Array.isArray(value)) {
    for (const item of value) if (!isPlain(item, depth + 1)) return false
    return true
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return typeof (value as Date).toJSON === 'function'
  for (const name in value) if (!isPlain((value as Record<string, unknown>)[name], depth + 1)) return false
  return true
}
