/**
 * An immutable map that is cheap to change: a large base that is shared between versions, and a small overlay with the
 * differences. A new version costs about the square root of the size, and not a copy of everything.
 */
export interface Layers<K, V> {
  readonly base: ReadonlyMap<K, V>
  /** undefined = the key was removed. */
  readonly over: ReadonlyMap<K, V | undefined>
}

/** A map in layers. Changing it copies only what has changed lately, so that each commit can keep the former state cheaply. */
export function layers<K, V>(entries: Iterable<readonly [K, V]> = []): Layers<K, V> {
  return { base: new Map(entries), over: new Map() }
}

/** The value of a key; undefined if there is none. The overlay decides, also where it says that a key was removed. */
export function lookUp<K, V>(map: Layers<K, V>, key: K): V | undefined {
  return map.over.has(key) ? map.over.get(key) : map.base.get(key)
}

/** The map with some changes; undefined removes a key. */
export function layered<K, V>(map: Layers<K, V>, changes: ReadonlyMap<K, V | undefined>): Layers<K, V> {
  const over = new Map(map.over)
  for (const [key, value] of changes) over.set(key, value)
  // When the overlay outgrows the square root of the base, both are merged into a new base.
  return over.size < 16 || over.size * over.size < map.base.size
    ? { base: map.base, over }
    : { base: new Map(entriesOf({ base: map.base, over })), over: new Map() }
}

/** All entries as a list, in no particular order. */
export function entriesOf<K, V>(map: Layers<K, V>): [K, V][] {
  const entries: [K, V][] = []
  forEachIn(map, (value, key) => entries.push([key, value]))
  return entries
}

/** Visits all entries without making a list of them. */
export function forEachIn<K, V>({ base, over }: Layers<K, V>, visit: (value: V, key: K) => void): void {
  base.forEach((value, key) => {
    const now = over.has(key) ? over.get(key) : value
    if (now !== undefined) visit(now, key)
  })
  over.forEach((value, key) => {
    if (value !== undefined && !base.has(key)) visit(value, key)
  })
}
