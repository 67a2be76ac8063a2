/** What of RFC 7240 is honoured; the rest is ignored, as it says. */
export type Return = 'minimal' | 'representation' | null

/** The `return` preference of a request; the first of two counts (RFC 7240 §2). */
export function readReturn(prefer: string | undefined): Return {
  if (prefer === undefined) return null
  for (const one of prefer.split(',')) {
    const text = one.split(';')[0]!.replaceAll(/[\s"]/g, '').toLowerCase()
    if (text === 'return=minimal') return 'minimal'
    if (text === 'return=representation') return 'representation'
  }
  return null
}
