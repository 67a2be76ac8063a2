/**
 * An immutable map that is cheap to change: a large base that versions share, and a small overlay with what is different.
 * A version costs about the square root of the size instead of a copy of the whole.
 */
export interface Layers<K, V> {
  readonly base: ReadonlyMap<K, V>
  /** undefined = removed. */
  readonly over: ReadonlyMap<K, V | undefined>
}

export function layers<K, V>(entries: Iterable<readonly [K, V]> = []): Layers<K, V> {
  return { base: new Map(entries), over: new Map() }
}

export function lookUp<K, V>(map: Layers<K, V>, key: K): V | undefined {
  return map.over.has(key) ? map.over.get(key) : map.base.get(key)
}

/** The map with changes; undefined removes. */
export function layered<K, V>(map: Layers<K, V>, changes: ReadonlyMap<K, V | undefined>): Layers<K, V> {
  const over = new Map(map.over)
  for (const [key, value] of changes) over.set(key, value)
  return over.size < 16 || over.size * over.size < map.base.size
    ? { base: map.base, over }
    : { base: new Map(entriesOf({ base: map.base, over })), over: new Map() }
}

export function entriesOf<K, V>(map: Layers<K, V>): [K, V][] {
  const entries: [K, V][] = []
  forEachIn(map, (value, key) => entries.push([key, value]))
  return entries
}

/** Visits every entry, those of the base first, without making a list of them. */
export function forEachIn<K, V>({ base, over }: Layers<K, V>, visit: (value: V, key: K) => void): void {
  base.forEach((value, key) => {
    const now = over.has(key) ? over.get(key) : value
    if (now !== undefined) visit(now, key)
  })
  over.forEach((value, key) => {
    if (value !== undefined && !base.has(key)) visit(value, key)
  })
}
