import { networkOf } from '../../auth/login/attempts.ts'
import { ApiError } from '../../protocol/error.ts'
import type { RatePolicy } from '../../model/declare/rate-limit.ts'
import { isRelation, type Resource } from '../../model/model.ts'
import { wait, type Maybe, type Work } from '../../store/work.ts'
import type { HeaderLines, Principal } from '../call/call.ts'

/**
 * Stores budgets: in memory, or somewhere shared by several processes. A budget is one number, the time at which it is full
 * again (GCRA, ITU-T I.371). It refills evenly, without windows that all restart at the same moment.
 */
export interface Budgets {
  /**
   * Spends `cost` milliseconds of a budget of `window` milliseconds, unless too little is left. `debt` in the result is how
   * much is spent, including this time if it was allowed.
   */
  spend(key: string, cost: number, window: number, now: number): Maybe<Spent>
  /** The budgets of which most is spent, for people who look, at most `most`. Absent: they cannot be listed. */
  list?(most: number): Maybe<readonly UsedBudget[]>
}

/** A budget, and when it is full again, in milliseconds since 1970. */
export interface UsedBudget {
  readonly key: string
  readonly whole: number
}
export interface Spent {
  readonly allowed: boolean
  readonly debt: number
}

/** Spends some of a budget that is full again after `left` milliseconds, unless too little is left. */
export function spent(left: number, cost: number, window: number): Spent {
  const debt = Math.max(0, left)
  // The tiny surplus makes up for rounding of floating-point numbers.
  return debt + cost > window + 1e-6 ? { allowed: false, debt } : { allowed: true, debt: debt + cost }
}

/** What a limit needs to know about a call. */
export interface Costing {
  readonly resource: Resource
  readonly operation: string
  readonly principal: Principal | null
  /** The body as parsed: an array creates several rows, and so do nested objects. */
  readonly input?: unknown
  readonly jsonPatch?: boolean
  readonly shape?: { readonly depth: number }
  readonly action?: { readonly name: string } | null
  readonly address?: string | undefined
  readonly credentials?: { readonly address?: string | undefined }
}

/** What is left of a budget after a call. */
interface State {
  readonly policy: RatePolicy
  readonly remaining: number
  /** Seconds until more is available; null if the budget is full. */
  readonly more: number | null
}

/** A budget of which something is spent. */
export interface SpentBudget {
  readonly policy: string
  /** `number` or `string` for a caller with such an id, `address` for a network, empty for everyone together. */
  readonly kind: string
  readonly account: string
  readonly remaining: number
  /** Seconds until more is available. */
  readonly more: number | null
  /** When it is full again, in milliseconds since 1970. */
  readonly whole: number
}

/** Charges calls to the budgets of their callers, on every face. */
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

  /** The budgets of which something is spent, by policies that are declared; null if they cannot be listed. */
  *used(policies: readonly RatePolicy[], most: number): Work<readonly SpentBudget[] | null> {
    if (!this.#budgets.list) return null
    const now = this.#clock()
    const byName = new Map(policies.map(policy => [policy.name, policy]))
    return (yield* wait(this.#budgets.list(most))).flatMap(({ key, whole }): SpentBudget[] => {
      const [name = '', kind = '', account = ''] = key.split('\n')
      const policy = byName.get(name)
      if (!policy || whole <= now) return []
      const { remaining, more } = stateOf(policy, policy.window / policy.quota, whole - now)
      return [{ policy: name, kind, account, remaining, more, whole }]
    })
  }

  /** The policies of calls of all resources. */
  get common(): readonly RatePolicy[] {
    return this.#common
  }

  /** Whether calls of a resource are limited at all. */
  concerns(resource: Resource): boolean {
    return this.#common.length > 0 || resource.options.rateLimit.length > 0
  }

  /**
   * Charges a call. Resolves to the header lines that tell what is left (draft-ietf-httpapi-ratelimit-headers). Throws ApiError
   * `rate_limited` if the budget is too small.
   */
  *charge(call: Costing): Work<HeaderLines> {
    const now = this.#clock()
    const states: State[] = []
    for (const policies of [this.#common, call.resource.options.rateLimit]) {
      for (const policy of policies) {
        const interval = policy.window / policy.quota
        // A call that costs more than the whole quota could never be made, so it costs the quota.
        const cost = Math.min(costOf(call, policy), policy.quota) * interval
        const { allowed, debt } = yield* wait(this.#budgets.spend(keyOf(call, policy), cost, policy.window, now))
        const state = stateOf(policy, interval, debt)
        states.push(state)
        if (!allowed) throw this.#refusal(states, Math.ceil((debt + cost - policy.window) / 1_000))
      }
    }
    return linesOf(states)
  }

  /** The refusal. `Retry-After` has a random surplus, so that refused clients do not all return at the same moment. */
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

/** So many rows of one body cost as much as one request. */
const ROWS = 10

function costOf(call: Costing, { cost }: RatePolicy): number {
  const base = cost[call.action?.name ?? ''] ?? cost[call.operation] ?? 1
  const rows =
    call.input === undefined || call.action ? 1 : call.jsonPatch ? rowsInPatch(call) : rowsIn(call.resource, call.input)
  return base * Math.max(1, call.shape?.depth ?? 1) * Math.max(1, Math.ceil(rows / ROWS))
}

/** How many rows the operations of a JSON Patch add to relations. */
function rowsInPatch({ resource, input }: Costing): number {
  if (!Array.isArray(input)) return 0
  return input.reduce((sum: number, one: { path?: unknown; value?: unknown } | null) => {
    const field = resource.field.get(String(one?.path).split('/')[1] ?? '')
    return field && isRelation(field) ? sum + rowsIn(field.target, one!.value) : sum
  }, 0)
}

/** How many rows a body is about: one for each object, those that it nests in relations included. */
function rowsIn(resource: Resource, body: unknown): number {
  if (Array.isArray(body)) return body.reduce((sum: number, one) => sum + rowsIn(resource, one), 0)
  if (typeof body !== 'object' || body === null) return 0
  let rows = 1
  for (const field of resource.relations) {
    const nested = (body as Readonly<Record<string, unknown>>)[field.name]
    if (nested !== undefined) rows += rowsIn(field.target, nested)
  }
  return rows
}

function keyOf(call: Costing, { name, by }: RatePolicy): string {
  if (by === 'everyone') return `${name}\n`
  return `${name}\n${accountOf(by === 'caller' ? call : { ...call, principal: null })}`
}

/** Whom a call is charged to: who calls, or the network that an anonymous caller is in. */
export function accountOf({
  principal,
  address,
  credentials,
}: Pick<Costing, 'principal' | 'address' | 'credentials'>): string {
  if (principal) return `${typeof principal.id}\n${principal.id}`
  return `address\n${networkOf(address ?? credentials?.address ?? '')}`
}

function stateOf(policy: RatePolicy, interval: number, debt: number): State {
  // The tiny surplus makes up for rounding of floating-point numbers.
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

/**
 * The most budgets that are kept. Full ones are removed first, since they equal absent ones, then those that will be full
 * soonest.
 */
const MOST = 100_000

/** Budgets of this process. */
export class MemoryBudgets implements Budgets {
  /** When each budget is full again, in milliseconds since 1970. */
  readonly #whole = new Map<string, number>()

  spend(key: string, cost: number, window: number, now: number): Spent {
    const result = spent((this.#whole.get(key) ?? 0) - now, cost, window)
    if (!result.allowed) return result
    if (this.#whole.size >= MOST && !this.#whole.has(key)) this.#tidy(now)
    this.#whole.set(key, now + result.debt)
    return result
  }

  list(most: number): UsedBudget[] {
    const all = Array.from(this.#whole, ([key, whole]) => ({ key, whole }))
    return all.toSorted((a, b) => b.whole - a.whole).slice(0, most)
  }

  /** The number of budgets that are kept. */
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
