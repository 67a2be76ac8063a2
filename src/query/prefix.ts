/** The smallest text above all that start with the prefix, by code point; null if there is none. */
export function prefixEnd(prefix: string): string | null {
  const points = Array.from(prefix)
  for (;;) {
    const last = points.pop()
    if (last === undefined) return null
    const code = last.codePointAt(0)!
    if (code === 0x10ffff) continue
    // Surrogates are no characters: above U+D7FF comes U+E000.
    return points.join('') + String.fromCodePoint(code === 0xd7ff ? 0xe000 : code + 1)
  }
}
