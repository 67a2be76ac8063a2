import { automatonOf, isAnchored, type Automaton } from './pattern-automaton.ts'
import { parsePattern } from './pattern-syntax.ts'

/** Why a pattern may take too long on some text, and what to do about it. */
export interface PatternFault {
  readonly problem: string
  readonly fix: string
}

/** How many steps matching a text may take: about 20 ms. */
const STEPS = 20_000_000
/** Largest number of states of a pattern, and of steps that its examination may take. */
const STATES = 1_000
const EFFORT = 2_000_000

/**
 * Checks whether a declared pattern is open to ReDoS. JavaScript tries all ways in which a text can match, one after another,
 * so its time depends on their number. It is exponential if a loop can match a text in two ways, and polynomial if several
 * loops follow each other on the same text (Weber and Seidl, "On the degree of ambiguity of finite automata"). `max` is the
 * length of the longest text. null = the pattern is fast enough.
 */
export function patternFault(pattern: RegExp, max: number): PatternFault | null {
  const { root, lookarounds, refersBack } = parsePattern(pattern)
  if (refersBack) return fault('which refers back to a group, so that its time has no bound')
  const whole = automatonOf(root, isAnchored(root) ? 'start' : 'anywhere')
  const automata = [whole, ...lookarounds.map(node => automatonOf(node, 'start'))]
  if (automata.some(automaton => automaton.sets.length > STATES)) return fault('which is too long to be vetted')
  try {
    if (automata.some(isExponential)) return fault('which some texts fit in exponentially many ways')
    const degree = Math.max(...automata.map(degreeOf))
    if (degree === 0 || max ** (degree + 1) <= STEPS) return null
    const most = Math.floor(STEPS ** (1 / (degree + 1)))
    const start = isAnchored(root) ? '' : ', begin it with "^"'
    return {
      problem: `whose time grows with the ${degree === 1 ? 'square' : `power ${degree + 1}`} of the length`,
      fix: `give the field a max of ${most} or less${start}, or write it so that no two loops take the same characters`,
    }
  } catch (error) {
    if (error === TOO_MUCH) return fault('which is too intertwined to be vetted')
    throw error
  }
}

function fault(problem: string): PatternFault {
  return { problem, fix: 'write it so that each text fits in one way only, or use .check()' }
}

const TOO_MUCH = new Error('too much effort')

/**
 * Whether two different paths lead from a state back to itself on the same text. Such paths consist of states that reach each
 * other.
 */
function isExponential({ sets, next }: Automaton): boolean {
  const reach = reachable(next)
  const round = (p: number, q: number): boolean => reaches(reach, p, q) && reaches(reach, q, p)
  const size = sets.length
  const there = new Set<number>()
  const back = new Map<number, number[]>()
  const queue: number[] = []
  const visit = (pair: number): void => {
    if (there.has(pair)) return
    there.add(pair)
    queue.push(pair)
  }
  for (let p = 0; p < size; p++) if (round(p, p)) visit(p * size + p)
  // First find the pairs of states that the same text leads to from one state.
  for (let pair = queue.pop(); pair !== undefined; pair = queue.pop()) {
    const [p, q] = [Math.floor(pair / size), pair % size]
    for (const [p2, ways] of stepsFrom(next, p)) {
      if (!round(p, p2)) continue
      if (p === q && ways > 1) return true
      for (const q2 of stepsFrom(next, q).keys()) {
        if (!round(q, q2) || !(setOf(sets, p2) & setOf(sets, q2))) continue
        const onward = p2 * size + q2
        back.set(onward, [...(back.get(onward) ?? []), pair])
        if (there.size > EFFORT) throw TOO_MUCH
        visit(onward)
      }
    }
  }
  // Then look whether one text leads two different states of such a pair back to one state.
  const home = new Set<number>()
  for (let p = 0; p < size; p++) if (there.has(p * size + p)) queue.push(p * size + p)
  for (let pair = queue.pop(); pair !== undefined; pair = queue.pop()) {
    if (home.has(pair)) continue
    home.add(pair)
    if (pair % (size + 1) !== 0) return true
    queue.push(...(back.get(pair) ?? []))
  }
  return false
}

/** How often a loop can hand over to a later one in the same text. 1 means quadratic time. */
function degreeOf(automaton: Automaton): number {
  const { sets, next, last } = automaton
  const reach = reachable(next)
  const loops = sets.map((_, p) => p).filter(p => reaches(reach, p, p))
  const effort = { left: EFFORT }
  const handovers = loops.flatMap(p =>
    loops
      // Once the pattern has matched, nothing can fail, and no other way is tried.
      .filter(q => p !== q && !last.has(q) && reaches(reach, p, q) && !reaches(reach, q, p))
      .filter(q => handsOver(automaton, reach, p, q, effort))
      .map(q => [p, q] as const),
  )
  const known = new Map<number, number>()
  const from = (state: number): number => {
    let most = known.get(state)
    if (most === undefined) {
      most = 0
      for (const [p, q] of handovers) if (p === state || reaches(reach, state, p)) most = Math.max(most, 1 + from(q))
      known.set(state, most)
    }
    return most
  }
  return Math.max(0, ...loops.map(from))
}

/** Whether there is a text that leads from p to p, from p to q and from q to q. */
function handsOver(
  { sets, next }: Automaton,
  reach: readonly ReadonlySet<number>[],
  p: number,
  q: number,
  effort: { left: number },
): boolean {
  const size = sets.length
  const goal = (p * size + q) * size + q
  const seen = new Set<number>()
  const queue = [(p * size + p) * size + q]
  for (let triple = queue.pop(); triple !== undefined; triple = queue.pop()) {
    const [a, b, c] = [Math.floor(triple / size / size), Math.floor(triple / size) % size, triple % size]
    for (const a2 of stepsFrom(next, a).keys()) {
      if (a2 !== p && !reaches(reach, a2, p)) continue
      for (const b2 of stepsFrom(next, b).keys()) {
        const both = setOf(sets, a2) & setOf(sets, b2)
        if (!both || (b2 !== q && !reaches(reach, b2, q))) continue
        for (const c2 of stepsFrom(next, c).keys()) {
          if (!(both & setOf(sets, c2)) || (c2 !== q && !reaches(reach, c2, q))) continue
          const onward = (a2 * size + b2) * size + c2
          if (onward === goal) return true
          if (seen.has(onward)) continue
          if (--effort.left < 0) throw TOO_MUCH
          seen.add(onward)
          queue.push(onward)
        }
      }
    }
  }
  return false
}

const noSteps: ReadonlyMap<number, number> = new Map()

/** Where one more character leads from a state, and in how many ways. */
const stepsFrom = (next: Automaton['next'], state: number): ReadonlyMap<number, number> => next[state] ?? noSteps

/** The characters that lead to a state, as bits; 0n = none. */
const setOf = (sets: Automaton['sets'], state: number): bigint => sets[state] ?? 0n

const reaches = (reach: readonly ReadonlySet<number>[], from: number, to: number): boolean =>
  reach[from]?.has(to) ?? false

/** For each state, the states that can be reached from it in one step or more. */
function reachable(next: Automaton['next']): readonly ReadonlySet<number>[] {
  return next.map(first => {
    const seen = new Set<number>()
    const queue = [...first.keys()]
    for (let p = queue.pop(); p !== undefined; p = queue.pop()) {
      if (seen.has(p)) continue
      seen.add(p)
      queue.push(...stepsFrom(next, p).keys())
    }
    return seen
  })
}
