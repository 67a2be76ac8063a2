import type { Predicate } from './predicate.ts'

/** The fields of a row itself whose folded text a predicate compares at least `times` times. */
export function foldedOften(predicate: Predicate, times: number = 2): ReadonlySet<string> {
  const counts = new Map<string, number>()
  count(predicate, counts)
  return new Set([...counts].flatMap(([name, found]) => (found >= times ? [name] : [])))
}

function count(predicate: Predicate, counts: Map<string, number>): void {
  switch (predicate.kind) {
    case 'and':
    case 'or':
      for (const part of predicate.of) count(part, counts)
      return
    case 'not':
      return count(predicate.of, counts)
    case 'text':
      if (predicate.fold) counts.set(predicate.field, (counts.get(predicate.field) ?? 0) + 1)
      return
    default:
  }
}
