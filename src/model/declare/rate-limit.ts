import type { Note } from '../link/faults.ts'

/** How much one caller may ask in a time: `{ quota: 100, window: 60 }`, or `'100/60s'` for short. */
export type RateLimit = RateLimitOptions | `${number}/${number}${'s' | 'm' | 'h' | 'd'}`

export interface RateLimitOptions {
  /** What headers call it; limits of one name are one budget. Default: the name of the resource, or `default`. */
  readonly name?: string
  /** What may be spent within a window; most requests cost 1. */
  readonly quota: number
  /** Seconds in which a spent quota comes back, evenly. */
  readonly window: number
  /** Whose budget it is: each caller's (default; by address where nobody is told apart), each address's, or everybody's. */
  readonly by?: 'caller' | 'address' | 'everyone'
  /** What operations cost, where not 1: `{ list: 5, get: 0 }`. A representation of depth n costs n times as much. */
  readonly cost?: Readonly<Record<string, number>>
}

/** A rate limit as it is enforced. */
export interface RatePolicy {
  readonly name: string
  readonly quota: number
  /** Milliseconds. */
  readonly window: number
  readonly by: 'caller' | 'address' | 'everyone'
  readonly cost: Readonly<Record<string, number>>
}

const units = { s: 1, m: 60, h: 3_600, d: 86_400 }

/** Reads what a declaration says; faults are noted. */
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
