/**
 * A value as JSON says it, undefined for what JSON cannot say: functions, numbers that are none, objects of classes
 * without a `toJSON`, whose insides nobody meant to show. Members that are undefined are left out.
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
  if (depth > 100) return false // most likely a circle
  if (Array.isArray(value)) {
    for (const item of value) if (!isPlain(item, depth + 1)) return false
    return true
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return typeof (value as Date).toJSON === 'function'
  for (const name in value) if (!isPlain((value as Record<string, unknown>)[name], depth + 1)) return false
  return true
}
