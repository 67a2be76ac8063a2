/** A fault in a declaration. */
export interface Fault {
  /** Where it is: `resource` or `resource.field`. */
  readonly place: string
  readonly problem: string
  /** What to write instead. */
  readonly fix: string
}

/** Notes a fault. The checks go on after it, so that one start shows all faults. */
export type Note = (place: string, problem: string, fix: string) => void

/** The same for one place. */
export type NoteHere = (problem: string, fix: string) => void

/** Notes faults at one place. */
export function noteAt(note: Note, place: string): NoteHere {
  return (problem, fix) => note(place, problem, fix)
}

/**
 * Thrown if declarations cannot be served. Its message lists all faults of all resources, one per line.
 *
 * @example
 * try {
 *   api(declared)
 * } catch (error) {
 *   if (error instanceof ModelError) console.error(error.faults) // place, problem and fix of each
 * }
 */
export class ModelError extends Error {
  override readonly name = 'ModelError'
  readonly faults: readonly Fault[]

  constructor(faults: readonly Fault[]) {
    const lines = faults.map(({ place, problem, fix }) => `\n  ${place}: ${problem}; ${fix}`)
    super(`The declaration has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}:${lines.join('')}`)
    this.faults = Object.freeze(faults)
  }
}

/** The advice for an unknown name: the nearest known one, else all of them. */
export function instead(word: string, known: readonly string[]): string {
  const near = nearest(word, known)
  if (near !== null) return `did you mean "${near}"?`
  return known.length ? `there is ${known.map(name => `"${name}"`).join(', ')}` : 'there is none to name'
}

/** The candidate that was probably meant: at most a third of its letters differ. The first of equally near ones. */
export function nearest(word: string, candidates: readonly string[]): string | null {
  let best: string | null = null
  let least = Math.max(1, Math.floor(word.length / 3)) + 1
  for (const candidate of candidates) {
    const distance = edits(word.toLowerCase(), candidate.toLowerCase())
    if (distance < least) {
      least = distance
      best = candidate
    }
  }
  return best
}

/** How many letters must be inserted, left out, replaced or swapped with their neighbour until the words are equal. */
function edits(a: string, b: string): number {
  let before: number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let least = Math.min(at(row, j) + 1, at(next, j - 1) + 1, at(row, j - 1) + (same ? 0 : 1))
      if (a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) least = Math.min(least, at(before, j - 2) + 1)
      next.push(least)
    }
    before = row
    row = next
  }
  return at(row, b.length)
}

/** An entry of a row of the table; Infinity where there is none. */
const at = (row: readonly number[], j: number): number => row[j] ?? Infinity
