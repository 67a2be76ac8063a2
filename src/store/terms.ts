import { formatPosition, positionsOfTag } from '../protocol/position.ts'

/** A stretch of the change log that one opening of the store began: the positions behind `from`, up to the next term. */
export interface Term {
  /** Its name, chosen at random: six characters [0-9a-z]. */
  readonly epoch: string
  readonly from: number
}

/** Terms that are kept; rows older than the oldest of them count to it. */
const KEPT = 1_000

/**
 * The terms of a change log, oldest first, as Raft numbers its log: a position is one of ours only if the term that it
 * names reached as far as its seq. So a store that was put back to an earlier state does not take a position of the
 * states that it lost for one of its own, although their seqs come again. It stays the same object while the store is open.
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

  /** Counts how often positions that had been told lost their meaning: whatever was kept by position is to be dropped then. */
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
   * The seq up to which somebody has read who has this position or entity tag; null for those of another log or of a lost
   * state, and for what is neither.
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

  /** Takes over a list of terms. `known` is the newest position that was told by the one before. */
  replace(terms: readonly Term[], known: number): void {
    const isFirst = this.#terms.length === 0
    const before = this.epochAt(known)
    this.#terms = terms
    const newest = terms.at(-1)!
    this.#epoch = newest.epoch
    this.#from = newest.from
    // Names are random, so lists that agree on one position agree on all before it.
    if (!isFirst && this.epochAt(known) !== before) this.#history++
  }
}

/** The list with one more term. Those in which nothing was written are dropped, except the first, which names the beginning. */
export function withTerm(terms: readonly Term[], term: Term): readonly Term[] {
  const written = terms.filter(({ from }, i) => i === 0 || from < term.from)
  return [...written, term].slice(-KEPT)
}

/** The term that begins at a position, under a name that none of the others has. */
export function newTerm(terms: readonly Term[], from: number, random: (bytes: number) => Uint8Array): Term {
  const bytes = random(6)
  for (let again = 0; ; again++) {
    const epoch = Array.from(bytes, byte => ((byte + again) % 36).toString(36)).join('')
    if (terms.every(term => term.epoch !== epoch)) return { epoch, from }
  }
}
