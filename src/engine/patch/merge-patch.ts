/** Nesting at which a value is taken for endless: requests are held to `limits.jsonDepth` long before. */
const DEPTH = 512

/**
 * The result of applying a merge patch to a value: members with null are removed, objects merge, all else replaces
 * (RFC 7396 §2). What is no JSON at all, which only application code can bring, stays in it to be refused.
 */
export function mergePatch(target: unknown, patch: unknown, depth = 0): unknown {
  if (!isPlain(patch) || depth > DEPTH) return patch
  const result = new Map(isPlain(target) ? Object.entries(target) : [])
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) result.delete(name)
    else result.set(name, mergePatch(result.get(name), value, depth + 1))
  }
  // Defines each member as its own, whatever its name.
  return Object.fromEntries(result)
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
