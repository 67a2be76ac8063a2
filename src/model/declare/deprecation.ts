import type { Note } from '../link/faults.ts'

/**
 * Announces the end of a resource: when, and what to use instead.
 *
 * @example
 * resource({ id: t.id() }, { deprecation: { since: '2026-01-01', sunset: '2027-01-01', successor: '/account' } })
 */
export interface Deprecation {
  /** The moment from which on it should no longer be used: a date or date-time of RFC 3339. It may be in the future. */
  readonly since: string
  /** The moment from which on every request is answered with 410. */
  readonly sunset?: string
  /** The URI of a text for people about it. */
  readonly docs?: string
  /** The URI of its replacement. */
  readonly successor?: string
}

/** The same, with moments as milliseconds since the epoch. */
export interface DeprecationDates {
  readonly since: number
  readonly sunset: number | null
  readonly docs: string | null
  readonly successor: string | null
}

/** Reads a declared deprecation and notes its faults. null = there is none. */
export function readDeprecation(declared: Deprecation | undefined, name: string, note: Note): DeprecationDates | null {
  if (declared === undefined) return null
  const place = `${name} deprecation`
  const since = Date.parse(declared.since)
  const sunset = declared.sunset === undefined ? null : Date.parse(declared.sunset)
  if (Number.isNaN(since) || Number.isNaN(sunset)) note(place, 'has no date that can be read', "write '2027-01-31'")
  // RFC 9745 §4
  else if (sunset !== null && sunset < since) note(place, 'ends before it is deprecated', 'let sunset come after since')
  for (const uri of [declared.docs, declared.successor])
    if (uri !== undefined && !/^[\x21\x23-\x3b\x3d\x3f-\x7e]+$/.test(uri))
      note(place, `has a link that is not a URI: ${uri}`, 'write a path or a whole URI')
  return Object.freeze({ since, sunset, docs: declared.docs ?? null, successor: declared.successor ?? null })
}
