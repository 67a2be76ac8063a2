/** Nesting at which a value counts as circular. Requests are limited to `limits.jsonDepth`, which is far less. */
const DEPTH = 512

/**
 * Applies a merge patch to a value: members with null are removed, objects are merged, anything else replaces (RFC 7396 §2).
 * Values that are not JSON, which only application code can pass, are kept so that validation refuses them.
 */
export function mergePatch(target: unknown, patch: unknown, depth = 0): unknown {
  if (!isPlain(patch) || depth > DEPTH) return patch
  const result = new Map(isPlain(target) ? Object.entries(target) : [])
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) result.delete(name)
    else result.set(name, mergePatch(result.get(name), value, depth + 1))
  }
  // Creates own members, also for a name such as `__proto__`.
  return Object.fromEntries(result)
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
