/** What of RFC 7240 is honoured; the rest is ignored, as it says. */
export interface Preferences {
  /** What the answer to a write shows. */
  readonly return: 'minimal' | 'representation' | null
  /** Unknown parameters and members are left out instead of refused. */
  readonly lenient: boolean
  /** Seconds that the client would wait for an answer; null = it does not say. */
  readonly wait: number | null
  /** It would rather be told where the result will be than wait for it. */
  readonly respondAsync: boolean
}

export const noPreferences: Preferences = Object.freeze({
  return: null,
  lenient: false,
  wait: null,
  respondAsync: false,
})

/** The preferences of a request; the first of two of one name counts (RFC 7240 §2). */
export function readPreferences(prefer: string | undefined): Preferences {
  if (prefer === undefined) return noPreferences
  const said = new Map<string, string>()
  for (const one of prefer.split(',')) {
    const [name = '', value = ''] = one.split(';')[0]!.toLowerCase().split('=')
    if (!said.has(name.trim())) said.set(name.trim(), value.trim().replaceAll('"', ''))
  }
  const shown = said.get('return')
  const wait = said.get('wait') ?? ''
  return {
    return: shown === 'minimal' || shown === 'representation' ? shown : null,
    lenient: said.get('handling') === 'lenient',
    wait: /^\d{1,6}$/.test(wait) ? Number(wait) : null,
    respondAsync: said.has('respond-async'),
  }
}
