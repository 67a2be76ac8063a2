import type { Problem } from '../problem.ts'

/**
 * Writes what two writers of a row agree on, again if there is a third one. Rejects with the problem if it is no conflict, or
 * they do not agree.
 */
export async function mergeAgain(
  problem: Problem,
  mine: unknown,
  base: unknown,
  merge: (current: unknown, mine: unknown, base: unknown) => unknown,
  write: (merged: unknown, tag: unknown) => Promise<unknown>,
): Promise<unknown> {
  if (problem.code !== 'precondition_failed') throw problem
  const { current, etag } = problem.document
  // A refusal that is repeated, because its answer was lost, does not have the row. A new key asks for it.
  const merged = current ? merge(current, mine, base ?? null) : mine
  if (merged === null) throw problem
  return write(merged, etag).catch((next: Problem) => {
    if (!next.document['current']) throw next
    return mergeAgain(next, merged, current ?? base, merge, write)
  })
}
