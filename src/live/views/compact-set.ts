/**
 * A set that usually has one member and then is that member itself. With a hundred thousand subscriptions, real sets of one
 * element would take most of the memory.
 */
export type CompactSet<T extends object> = T | Set<T> | null

/** Adds a member and returns the new value. */
export function withMember<T extends object>(few: CompactSet<T>, member: T): CompactSet<T> {
  if (few === null || few === member) return member
  if (few instanceof Set) return few.add(member)
  return new Set([few, member])
}

/** Removes a member and returns the new value. */
export function withoutMember<T extends object>(few: CompactSet<T>, member: T): CompactSet<T> {
  if (few === member) return null
  if (!(few instanceof Set) || !few.delete(member) || few.size > 1) return few
  return few.values().next().value ?? null
}

/** Visits all members. Members may be removed meanwhile. */
export function forEachMember<T extends object>(few: CompactSet<T> | undefined, visit: (member: T) => void): void {
  if (few instanceof Set) for (const member of few) visit(member)
  else if (few) visit(few)
}
