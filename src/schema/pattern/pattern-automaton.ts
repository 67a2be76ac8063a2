import type { PatternNode } from './pattern-syntax.ts'

/** The automaton of a pattern as Glushkov constructs it: each set of characters in the pattern is a state. */
export interface Automaton {
  /** The characters that lead into a state. */
  readonly sets: readonly bigint[]
  /** The states that can follow a state, and in how many ways. */
  readonly next: readonly ReadonlyMap<number, number>[]
  /** States after which the pattern has matched, whatever follows. */
  readonly last: ReadonlySet<number>
}

/** Up to this size a counted repetition is written out. A larger one is treated as unbounded. */
const WRITTEN_OUT = 100

interface Part {
  readonly nullable: boolean
  readonly first: readonly number[]
  readonly last: readonly number[]
}

const NONE: Part = { nullable: true, first: [], last: [] }

/** Builds the automaton. `from` says where a match may begin: anywhere, unless the pattern begins with `^`. */
export function automatonOf(root: PatternNode, from: 'anywhere' | 'start'): Automaton {
  const sets: bigint[] = []
  const next: Map<number, number>[] = []

  const place = (set: bigint): Part => {
    const state = sets.push(set) - 1
    next.push(new Map())
    return { nullable: false, first: [state], last: [state] }
  }
  const join = (from: Part, to: Part): void => {
    for (const p of from.last) for (const q of to.first) next[p]!.set(q, (next[p]!.get(q) ?? 0) + 1)
  }
  const after = (a: Part, b: Part): Part => {
    join(a, b)
    return {
      nullable: a.nullable && b.nullable,
      first: a.nullable ? [...a.first, ...b.first] : a.first,
      last: b.nullable ? [...a.last, ...b.last] : b.last,
    }
  }
  const loop = (of: PatternNode, optional: boolean): Part => {
    const part = build(of)
    join(part, part)
    return optional ? { ...part, nullable: true } : part
  }

  const repeat = (of: PatternNode, min: number, max: number): Part => {
    if (max === 0) return NONE
    if (max > 1 && placesIn(of) * (max === Infinity ? min : max) > WRITTEN_OUT) return loop(of, min === 0)
    let part: Part = max === Infinity ? loop(of, min === 0) : NONE
    // a{2,4} is a a (a (a)?)?, built from its end.
    if (max !== Infinity) for (let i = min; i < max; i++) part = { ...after(build(of), part), nullable: true }
    for (let i = max === Infinity ? 1 : 0; i < min; i++) part = after(build(of), part)
    return part
  }

  const build = (node: PatternNode): Part => {
    switch (node.kind) {
      case 'set':
        return place(node.of)
      case 'end':
        // A state that no character leads into. What comes before it no longer ends the pattern.
        return place(0n)
      case 'start':
      case 'empty':
        return NONE
      case 'sequence':
        return node.of.map(build).reduce(after, NONE)
      case 'choice': {
        const parts = node.of.map(build)
        return {
          nullable: parts.some(part => part.nullable),
          first: parts.flatMap(part => part.first),
          last: parts.flatMap(part => part.last),
        }
      }
      case 'repeat':
        return repeat(node.of, node.min, node.max)
    }
  }

  const whole = build(root)
  if (from === 'anywhere' && !whole.nullable) {
    // A match may begin at each character. This is a loop over all characters in front of the pattern.
    const anything = place(-1n)
    join(anything, anything)
    join(anything, whole)
  }
  return { sets, next, last: new Set(whole.last) }
}

/** Whether a match can only begin at the start of the text. */
export function isAnchored(node: PatternNode): boolean {
  switch (node.kind) {
    case 'start':
      return true
    case 'choice':
      return node.of.every(isAnchored)
    case 'sequence':
      for (const part of node.of) {
        if (isAnchored(part)) return true
        if (part.kind !== 'empty') return false
      }
      return false
    case 'repeat':
      return node.min > 0 && isAnchored(node.of)
    case 'set':
    case 'end':
    case 'empty':
      return false
  }
}

function placesIn(node: PatternNode): number {
  switch (node.kind) {
    case 'set':
    case 'end':
      return 1
    case 'start':
    case 'empty':
      return 0
    case 'sequence':
    case 'choice':
      return node.of.reduce((sum, part) => sum + placesIn(part), 0)
    case 'repeat': {
      const one = placesIn(node.of)
      const times = node.max === Infinity ? Math.max(node.min, 1) : node.max
      return one * times > WRITTEN_OUT ? one : one * times
    }
  }
}
