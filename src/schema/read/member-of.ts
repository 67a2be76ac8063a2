/**
 * The member of a value that a schema sees under a name: own properties, entries of a Map, and getters of a class. Methods and
 * inherited members of Object are not seen. Strings, numbers, arrays and functions have no members.
 */
export function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  if (value instanceof Map) return value.get(name)
  for (let at: object | null = value; at && at !== Object.prototype; at = Object.getPrototypeOf(at) as object | null) {
    const property = Object.getOwnPropertyDescriptor(at, name)
    if (!property) continue
    return at === value || property.get ? (value as Record<string, unknown>)[name] : undefined
  }
  return undefined
}
