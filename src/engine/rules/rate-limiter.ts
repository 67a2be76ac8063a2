import { networkOf } from '../../auth/login/attempts.ts'
import { ApiError } from '../../protocol/error.ts'
import type { RatePolicy } from '../../model/declare/rate-limit.ts'
import type { Resource } from '../../model/model.ts'
import { wait, type Maybe, type Work } from '../../store/work.ts'
import type { HeaderLines, Principal } from '../call/call.ts'

/**
 * Where budgets are kept. In memory unless several processes share them. A budget is one number, the moment at which it
 * is whole again (GCRA, ITU-T I.371): it comes back evenly, without windows that begin anew all at once.
 */
export interface Budgets {
  /**
   * Spends milliseconds of a budget of `window` of them, unless more would be spent than there is.
   * Answers how many are spent, this time included unless it was refused.
   */
  spend(key: string, cost: number, window: number, now: number): Maybe<Spent>
}
export interface Spent {
  readonly allowed: boolean
  readonly debt: number
}

/** What a limit needs to know of a call. */
export interface Costing {
  readonly resource: Resource
  readonly operation: string
  readonly principal: Principal | null
  readonly shape?: { readonly depth: number }
  readonly action?: { readonly name: string } | null
  readonly address?: string | undefined
  readonly credentials?: { readonly address?: string | undefined }
}

/** What is left of a policy's budget after a call. */
interface State {
  readonly policy: RatePolicy
  readonly remaining: number
  /** Seconds until there is more; null if it is whole. */
  readonly more: number | null
}

/** Charges calls to the budgets of whoever makes them, whatever face they come by. */
export class Limiter {
  readonly #budgets: Budgets
  readonly #common: readonly RatePolicy[]
  readonly #clock: () => number
  readonly #random: (bytes: number) => Uint8Array

  constructor(
    budgets: Budgets,
    common: readonly RatePolicy[],
    clock: () => number,
    random: (bytes: number) => Uint8Array,
  ) {
    this.#budgets = budgets
    this.#common = common
    this.#clock = clock
    this.#random = random
  }

  /** Whether a limit holds for calls of the resource. */
  concerns(resource: Resource): boolean {
    return this.#common.length > 0 || resource.options.rateLimit.length > 0
  }

  /**
   * Charges a call and gives the header lines that tell what is left (draft-ietf-httpapi-ratelimit-headers).
   * Throws ApiError `rate_limited` if it is more than there is.
   */
  *charge(call: Costing): Work<HeaderLines> {
    const now = this.#clock()
    const states: State[] = []
    for (const policies of [this.#common, call.resource.options.rateLimit]) {
      for (const policy of policies) {
        const interval = policy.window / policy.quota
        const cost = Math.min(costOf(call, policy), policy.quota) * interval
        const { allowed, debt } = yield* wait(this.#budgets.spend(keyOf(call, policy), cost, policy.window, now))
        const state = stateOf(policy, interval, debt)
        states.push(state)
        if (!allowed) throw this.#refusal(states, Math.ceil((debt + cost - policy.window) / 1_000))
      }
    }
    return linesOf(states)
  }

  /** Never earlier than there is enough, and a little later by chance, so that those who wait do not come back together. */
  #refusal(states: readonly State[], seconds: number): ApiError {
    const later = seconds + Math.floor(((this.#random(1)[0] ?? 0) / 256) * (1 + seconds / 10))
    return new ApiError('rate_limited', {
      detail: `too many requests: try again in ${later} s`,
      headers: { ...Object.fromEntries(linesOf(states)), 'retry-after': String(later) },
      members: {
        type: 'https://iana.org/assignments/http-problem-types#quota-exceeded',
        title: 'Request cannot be satisfied as assigned quota has been exceeded',
        'violated-policies': [states.at(-1)!.policy.name],
      },
    })
  }
}

function costOf(call: Costing, { cost }: RatePolicy): number {
  const base = cost[call.action?.name ?? ''] ?? cost[call.operation] ?? 1
  return base * Math.max(1, call.shape?.depth ?? 1)
}

function keyOf(call: Costing, { name, by }: RatePolicy): string {
  if (by === 'everyone') return `${name}\n`
  if (by === 'caller' && call.principal) return `${name}\n${typeof call.principal.id}\n${call.principal.id}`
  return `${name}\naddress\n${networkOf(call.address ?? call.credentials?.address ?? '')}`
}

function stateOf(policy: RatePolicy, interval: number, debt: number): State {
  const remaining = Math.max(0, Math.floor((policy.window - debt) / interval + 1e-9))
  const more = debt <= 0 ? null : Math.max(1, Math.ceil((debt - policy.window + (remaining + 1) * interval) / 1_000))
  return { policy, remaining, more }
}

function linesOf(states: readonly State[]): HeaderLines {
  return [
    [
      'ratelimit-policy',
      states.map(({ policy }) => `"${policy.name}";q=${policy.quota};w=${policy.window / 1_000}`).join(', '),
    ],
    [
      'ratelimit',
      states
        .map(({ policy, remaining, more }) => `"${policy.name}";r=${remaining}${more === null ? '' : `;t=${more}`}`)
        .join(', '),
    ],
  ]
}

/** Budgets that are kept at most; one that is whole again is as good as none and goes first, then those that soonest will be. */
const MOST = 100_000

/** Budgets of this process. */
export class MemoryBudgets implements Budgets {
  /** When each is whole again, in milliseconds since the epoch. */
  readonly #whole = new Map<string, number>()

  spend(key: string, cost: number, window: number, now: number): Spent {
    const debt = Math.max(0, (this.#whole.get(key) ?? 0) - now)
    if (debt + cost > window + 1e-6) return { allowed: false, debt }
    if (this.#whole.size >= MOST && !this.#whole.has(key)) this.#tidy(now)
    this.#whole.set(key, now + debt + cost)
    return { allowed: true, debt: debt + cost }
  }

  /** How many are kept. */
  get size(): number {
    return this.#whole.size
  }

  #tidy(now: number): void {
    for (const [key, whole] of this.#whole) if (whole <= now) this.#whole.delete(key)
    if (this.#whole.size < MOST) return
    const soonest = [...this.#whole].toSorted(([, a], [, b]) => a - b).slice(0, MOST / 10)
    for (const [key] of soonest) this.#whole.delete(key)
  }
}
