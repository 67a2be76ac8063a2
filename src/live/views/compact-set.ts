/**
 * A set that mostly has one member, and then is that member itself: with a hundred thousand subscriptions, sets of one
 * would be most of their memory.
 */
export type Few<T extends object> = T | Set<T> | null

export function plus<T extends object>(few: Few<T>, member: T): Few<T> {
  if (few === null || few === member) return member
  if (few instanceof Set) return few.add(member)
  return new Set([few, member])
}

export function minus<T extends object>(few: Few<T>, member: T): Few<T> {
  if (few === member) return null
  if (!(few instanceof Set) || !few.delete(member) || few.size > 1) return few
  return few.values().next().value ?? null
}

/** Members may be taken away meanwhile. */
export function each<T extends object>(few: Few<T> | undefined, visit: (member: T) => void): void {
  if (few instanceof Set) for (const member of few) visit(member)
  else if (few) visit(few)
}
