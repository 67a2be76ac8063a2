import type { ResourceDef } from './declaration.ts'
import { durationOf, type Duration } from './duration.ts'

/** How long the rows of an ephemeral resource live. */
export interface EphemeralSettings {
  /** A row disappears when nobody has written to it for this time. Writing the same values renews it. */
  readonly ttl: Duration
  /**
   * Whether rows that are written on a socket live exactly as long as its connection, and not for `ttl`. That shows who is
   * online. Rows that are written over HTTP still live for `ttl`.
   */
  readonly presence?: boolean
  /** Largest number of rows → too_many_rows. Default: 10,000. */
  readonly max?: number
  /** Largest number of rows that one caller has created → too_many_rows. Default: a tenth of `max`, but at least 100. */
  readonly each?: number
}

/** The same as it is enforced. `ttl` is in milliseconds. */
export interface Ephemeral {
  readonly ttl: number
  readonly presence: boolean
  readonly max: number
  readonly each: number
}

/**
 * The settings of an ephemeral resource with their defaults; null if its rows are stored. One caller may have a tenth of all
 * rows, and at least a hundred.
 */
export function ephemeralSettings({ ephemeral }: ResourceDef): Ephemeral | null {
  if (!ephemeral) return null
  const { ttl, presence = false, max = 10_000, each = Math.max(100, Math.ceil(max / 10)) } = ephemeral
  return Object.freeze({ ttl: durationOf(ttl) ?? 0, presence, max, each })
}
