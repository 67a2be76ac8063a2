/** A length of time: milliseconds, or a number with a unit, such as `'30 s'` or `'1.5 min'`. */
export type Duration = number | `${number}${' ' | ''}${'ms' | 's' | 'min' | 'h' | 'd'}`

const units = { ms: 1, s: 1_000, min: 60_000, h: 3_600_000, d: 86_400_000 }

/** A length of time in milliseconds. null = the text is none. */
export function durationOf(text: unknown): number | null {
  const found = typeof text === 'string' ? /^(\d+(?:\.\d+)?) ?(ms|s|min|h|d)$/.exec(text) : null
  const length = found ? Number(found[1]) * units[found[2] as keyof typeof units] : text
  return typeof length === 'number' && length > 0 && Number.isFinite(length) ? length : null
}
