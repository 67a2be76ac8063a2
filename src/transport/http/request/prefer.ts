/** The preferences of RFC 7240 that are honoured. Others are ignored, as the RFC demands. */
export interface Preferences {
  /** What the response to a write contains. */
  readonly return: 'minimal' | 'representation' | null
  /** Unknown parameters and members are ignored instead of refused. */
  readonly lenient: boolean
  /** How many seconds the client would wait; null = it does not say. */
  readonly wait: number | null
  /** The client prefers to be told where the result will be, instead of waiting for it. */
  readonly respondAsync: boolean
  /** The response to a read tells its position. */
  readonly position: boolean
  /** A stream tells changed rows as their changed members. */
  readonly patches: boolean
  /** A stream waits for a row that is not there yet. */
  readonly waitsForRow: boolean
}

export const noPreferences: Preferences = Object.freeze({
  return: null,
  lenient: false,
  wait: null,
  respondAsync: false,
  position: false,
  patches: false,
  waitsForRow: false,
})

/** Parses a Prefer field. If a preference comes twice, the first one counts (RFC 7240 §2). */
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
    position: said.has('position'),
    patches: said.get('changes') === 'patch',
    waitsForRow: said.get('absent') === 'wait',
  }
}
