/** The smallest text that is larger than all texts with this prefix, by code point. null = there is none. */
export function prefixEnd(prefix: string): string | null {
  const points = Array.from(prefix)
  for (;;) {
    const last = points.pop()
    if (last === undefined) return null
    const code = last.codePointAt(0)!
    if (code === 0x10ffff) continue
    // Surrogates are not characters: U+E000 follows U+D7FF.
    return points.join('') + String.fromCodePoint(code === 0xd7ff ? 0xe000 : code + 1)
  }
}
