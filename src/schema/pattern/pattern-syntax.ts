/** The parts of a regular expression that matter for its running time. Sets of characters are bits over a sample alphabet. */
export type PatternNode =
  | { readonly kind: 'set'; readonly of: bigint }
  | { readonly kind: 'start' | 'end' | 'empty' }
  | { readonly kind: 'sequence' | 'choice'; readonly of: readonly PatternNode[] }
  | { readonly kind: 'repeat'; readonly of: PatternNode; readonly min: number; readonly max: number }

export interface PatternSyntax {
  readonly root: PatternNode
  /** The insides of lookaheads and lookbehinds. They consume no characters. */
  readonly lookarounds: readonly PatternNode[]
  /** Whether it has a back-reference to a group. */
  readonly refersBack: boolean
}

/**
 * Letters, digits, marks and spaces of several scripts. They represent the characters that are not ASCII and not named in the
 * pattern.
 */
const SAMPLES = 'éÉßſKЖжλΣ中ªn\u0301\u00a0\u2028\u0661\u{1f600}\u{10ffff}'

const ATOM =
  /\\(?:u\{[0-9a-fA-F]+\}|u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|c[a-zA-Z]|[pP]\{[^}]*\}|[^])|[^]/uy
const BACK = /\\(?:[1-9][0-9]*|k<[^>]*>)/y
const GROUP = /\((?:\?(?::|<(?![=!])[^>]*>|[a-z]*(?:-[a-z]*)?:))?/y
const LOOKAROUND = /\(\?<?[=!]/y
const QUANTIFIER = /(?:([*+?])|\{([0-9]+)(?:(,)([0-9]*))?\})\??/y

/** Parses a pattern that JavaScript has already accepted. */
export function parsePattern(pattern: RegExp): PatternSyntax {
  const { source } = pattern
  const flags = pattern.flags.replace(/[gyd]/g, '')
  const lookarounds: PatternNode[] = []
  const alphabet = alphabetOf(source)
  const sets = new Map<string, bigint>()
  let refersBack = false
  let at = 0

  const take = (token: RegExp): RegExpExecArray | null => {
    token.lastIndex = at
    const match = token.exec(source)
    if (match) at += match[0].length
    return match
  }

  /** The characters of the alphabet that an atom matches. JavaScript itself is asked, so that flags and classes are exact. */
  const setOf = (atom: string): PatternNode => {
    let of = sets.get(atom)
    if (of === undefined) {
      const one = new RegExp(`^(?:${atom})$`, flags)
      of = 0n
      for (let i = 0; i < alphabet.length; i++) if (one.test(alphabet[i]!)) of |= 1n << BigInt(i)
      sets.set(atom, of)
    }
    return { kind: 'set', of }
  }

  const choice = (): PatternNode => {
    const of = [sequence()]
    while (source[at] === '|') {
      at++
      of.push(sequence())
    }
    return of.length === 1 ? of[0]! : { kind: 'choice', of }
  }

  const sequence = (): PatternNode => {
    const of: PatternNode[] = []
    while (at < source.length && source[at] !== '|' && source[at] !== ')') of.push(repeated(atom()))
    return { kind: 'sequence', of }
  }

  const repeated = (of: PatternNode): PatternNode => {
    const match = take(QUANTIFIER)
    if (!match) return of
    const [, sign, least, comma, most] = match
    if (sign !== undefined) return { kind: 'repeat', of, min: sign === '+' ? 1 : 0, max: sign === '?' ? 1 : Infinity }
    const min = Number(least)
    return { kind: 'repeat', of, min, max: comma === undefined ? min : most ? Number(most) : Infinity }
  }

  const inside = (): PatternNode => {
    const node = choice()
    at++ // the closing parenthesis
    return node
  }

  const atom = (): PatternNode => {
    if (take(LOOKAROUND)) {
      lookarounds.push(inside())
      return { kind: 'empty' }
    }
    if (take(GROUP)) return inside()
    if (take(BACK)) {
      refersBack = true
      return { kind: 'empty' }
    }
    if (source[at] === '[') return setOf(characterClass())
    const [text] = take(ATOM)!
    if (text === '^') return { kind: 'start' }
    if (text === '$') return { kind: 'end' }
    return text === '\\b' || text === '\\B' ? { kind: 'empty' } : setOf(text)
  }

  /** Takes a character class, from its bracket to the closing one. With the flag v brackets may nest. */
  const characterClass = (): string => {
    const from = at
    let depth = 0
    do {
      const [text] = take(ATOM)!
      if (text === '[' && (depth === 0 || flags.includes('v'))) depth++
      else if (text === ']') depth--
    } while (depth > 0 && at < source.length)
    return source.slice(from, at)
  }

  const root = choice()
  return { root, lookarounds, refersBack }
}

/**
 * ASCII, samples of the rest, and all characters that the pattern names. If two ranges overlap, an end of one of them lies in
 * the other, so the alphabet contains a common character.
 */
function alphabetOf(source: string): readonly string[] {
  const named = Array.from(source.matchAll(/\\(?:u\{([0-9a-fA-F]+)\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2}))/g), match => {
    const point = Number.parseInt(match[1] ?? match[2] ?? match[3]!, 16)
    return point <= 0x10ffff ? String.fromCodePoint(point) : ''
  })
  const ascii = Array.from({ length: 128 }, (_, point) => String.fromCodePoint(point))
  return [...new Set([...ascii, ...Array.from(SAMPLES + source), ...named])].filter(character => character !== '')
}
