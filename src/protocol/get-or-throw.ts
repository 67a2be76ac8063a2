/** A Map, a WeakMap, or anything else that is asked in the same way. */
interface Lookup<K, V> {
  get(key: K): V | undefined
}

/**
 * The value of a key that must be there. A missing one is an error of this program, and is told as such where it happens.
 * @example const layout = getOrThrow(layouts, resource)
 */
export function getOrThrow<K, V>(lookup: Lookup<K, V>, key: K): V {
  const value = lookup.get(key)
  if (value === undefined) throw new Error(`there is no entry for ${nameOf(key)}`)
  return value
}

function nameOf(key: unknown): string {
  const { name } = Object(key) as { readonly name?: unknown }
  return typeof name === 'string' ? name : String(key)
}
