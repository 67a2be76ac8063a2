import type { Note } from '../link/faults.ts'

/** How many requests a caller may make in a time: `{ quota: 100, window: 60 }`, or `'100/60s'` for short. */
export type RateLimit = RateLimitOptions | `${number}/${number}${'s' | 'm' | 'h' | 'd'}`

/** A rate limit in full. */
export interface RateLimitOptions {
  /** The name in header fields. Limits with the same name share one budget. Default: the name of the resource, or `default`. */
  readonly name?: string
  /** How much may be spent within a window. Most requests cost 1. */
  readonly quota: number
  /** The time in which a spent quota comes back, evenly, in seconds. */
  readonly window: number
  /** Who has a budget: each caller (default; each address if callers are not told apart), each address, or everyone together. */
  readonly by?: 'caller' | 'address' | 'everyone'
  /** The cost of operations that do not cost 1: `{ list: 5, get: 0 }`. A representation of depth n costs n times as much. */
  readonly cost?: Readonly<Record<string, number>>
}

/** A rate limit as it is enforced. */
export interface RatePolicy {
  readonly name: string
  /** The window in milliseconds. */
  readonly quota: number
  readonly window: number
  readonly by: 'caller' | 'address' | 'everyone'
  readonly cost: Readonly<Record<string, number>>
}

const units = { s: 1, m: 60, h: 3_600, d: 86_400 }

/** Reads declared rate limits and notes their faults. */
export function ratePolicies(
  declared: RateLimit | readonly RateLimit[] | undefined,
  name: string,
  note: Note,
): readonly RatePolicy[] {
  if (declared === undefined) return none
  const list: readonly RateLimit[] = Array.isArray(declared) ? declared : [declared as RateLimit]
  return Object.freeze(list.flatMap(one => readOne(one, name, note) ?? []))
}

const none: readonly RatePolicy[] = Object.freeze([])

function readOne(limit: RateLimit, fallback: string, note: Note): RatePolicy | null {
  const place = `${fallback} rateLimit`
  const options = typeof limit === 'string' ? fromText(limit) : limit
  if (!options || !isCount(options.quota) || !(options.window > 0)) {
    note(place, 'has no quota or no window', "write { quota: 100, window: 60 } or '100/60s'")
    return null
  }
  const { name = fallback, quota, window, by = 'caller', cost = {} } = options
  if (!/^[\w.-]{1,64}$/.test(name)) note(place, `cannot be called "${name}"`, 'use letters, digits, "_", "." and "-"')
  for (const [operation, price] of Object.entries(cost))
    if (!(price >= 0)) note(place, `lets ${operation} cost ${price}`, 'write a number that is 0 or more')
  return Object.freeze({ name, quota, window: window * 1_000, by, cost: Object.freeze({ ...cost }) })
}

function fromText(text: string): RateLimitOptions | null {
  const found = /^(\d+)\/(\d+)([smhd])$/.exec(text)
  return found ? { quota: Number(found[1]), window: Number(found[2]) * units[found[3] as keyof typeof units] } : null
}

const isCount = (value: unknown): boolean => Number.isInteger(value) && (value as number) > 0
