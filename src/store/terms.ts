import { formatPosition, positionsOfTag } from '../protocol/position.ts'

/** A stretch of the change log: the positions after `from`, up to the next term. Each opening of the store begins one. */
export interface Term {
  /** Its name, chosen at random: six characters [0-9a-z]. */
  readonly epoch: string
  readonly from: number
}

/** How many terms are kept. Rows that are older than the oldest kept term count as part of it. */
const KEPT = 1_000

/**
 * The terms of a change log, oldest first, as in Raft. A position is valid only if the term that it names reached as far
 * as its seq. This protects a store that was put back to an earlier state: it reuses the seqs of the commits that it
 * lost, but clients that hold positions of those commits are not mistaken for up to date.
 *
 * It stays the same object while the store is open.
 */
export class Terms {
  #terms: readonly Term[] = []
  /** The newest term, which most positions are in. */
  #epoch = ''
  #from = -1
  #history = 0

  /** Name of the newest term. */
  get epoch(): string {
    return this.#epoch
  }

  /**
   * How often positions that clients may hold have become invalid. When the count changes, whatever is cached by position
   * must be dropped.
   */
  get history(): number {
    return this.#history
  }

  get list(): readonly Term[] {
    return this.#terms
  }

  /** The position of a seq as clients see it, `epoch.seq`. */
  position(seq: number): string {
    return seq > this.#from ? `${this.#epoch}.${seq}` : formatPosition(this.epochAt(seq), seq)
  }

  /** The term that a seq belongs to. */
  epochAt(seq: number): string {
    let low = 0
    let high = this.#terms.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#terms[middle]!.from < seq) low = middle + 1
      else high = middle
    }
    return this.#terms[Math.max(low - 1, 0)]?.epoch ?? ''
  }

  /**
   * The seq up to which a client with this position or entity tag has read. null = the text is neither, or it comes from
   * another log or from a state that was lost.
   */
  seqOf(text: string): number | null {
    const positions = positionsOfTag(text)
    if (!positions?.every(({ epoch, seq }) => this.has(epoch, seq))) return null
    return Math.max(...positions.map(({ seq }) => seq))
  }

  has(epoch: string, seq: number): boolean {
    const at = this.#terms.findLastIndex(term => term.epoch === epoch)
    if (at < 0) return false
    const next = this.#terms[at + 1]
    return (at === 0 || seq > this.#terms[at]!.from) && (next === undefined || seq <= next.from)
  }

  /** Replaces the list of terms. `known` is the newest seq that clients were told under the list before. */
  replace(terms: readonly Term[], known: number): void {
    const isFirst = this.#terms.length === 0
    const before = this.epochAt(known)
    this.#terms = terms
    const newest = terms.at(-1)!
    this.#epoch = newest.epoch
    this.#from = newest.from
    // Names are random, so two lists that agree on one position agree on all earlier ones.
    if (!isFirst && this.epochAt(known) !== before) this.#history++
  }
}

/** Adds a term to the list. Terms in which nothing was written are dropped, except the first, which names the beginning. */
export function withTerm(terms: readonly Term[], term: Term): readonly Term[] {
  const written = terms.filter(({ from }, i) => i === 0 || from < term.from)
  return [...written, term].slice(-KEPT)
}

/** Makes the term that begins after the position `from`, under a name that no other term has. */
export function newTerm(terms: readonly Term[], from: number, random: (bytes: number) => Uint8Array): Term {
  const bytes = random(6)
  for (let again = 0; ; again++) {
    const epoch = Array.from(bytes, byte => ((byte + again) % 36).toString(36)).join('')
    if (terms.every(term => term.epoch !== epoch)) return { epoch, from }
  }
}

/** Reads the list of terms as it is stored: pairs of an epoch and the position from which it counts. */
export function readTerms(text: string): readonly Term[] {
  return (JSON.parse(text) as [string, number][]).map(([epoch, from]) => ({ epoch, from }))
}

/** The list of terms as it is stored. */
export function termsText(terms: readonly Term[]): string {
  return JSON.stringify(terms.map(({ epoch, from }) => [epoch, from]))
}
