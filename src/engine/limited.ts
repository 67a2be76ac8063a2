import { ApiError } from '../protocol/error.ts'
import { ModelError, type Fault } from '../model/faults.ts'
import type { Model } from '../model/model.ts'
import { ratePolicies, type RateLimit } from '../model/rate-limit.ts'
import { chain, run, type Maybe } from '../store/work.ts'
import type { Call, HeaderLines, Outcome } from './call.ts'
import { carrying } from './carrying.ts'
import type { Engine } from './engine.ts'
import { Limiter, MemoryBudgets, type Budgets } from './limit.ts'

export interface LimitOptions {
  /** Limits for all that callers ask, beside those of resources. */
  readonly rateLimit?: RateLimit | readonly RateLimit[] | undefined
  /** Where budgets are kept that several processes share. */
  readonly budgets?: Budgets | undefined
  readonly random: (bytes: number) => Uint8Array
}

/** The limiter of an API; null where no limit is declared. Throws ModelError for faults of its own limits. */
export function limiterOf(model: Model, clock: () => number, options: LimitOptions): Limiter | null {
  const faults: Fault[] = []
  const common = ratePolicies(options.rateLimit, 'default', (place, problem, fix) =>
    faults.push({ place, problem, fix }),
  )
  if (faults.length > 0) throw new ModelError(faults)
  const declared = common.length > 0 || [...model.resources.values()].some(one => one.options.rateLimit.length > 0)
  return declared ? new Limiter(options.budgets ?? new MemoryBudgets(), common, clock, options.random) : null
}

/** limit: a call is charged before anything else is done for it, and its answer tells what is left of the budget. */
export function withLimits(engine: Engine, limiter: Limiter | null): Engine {
  if (limiter === null) return engine
  return Object.create(engine, {
    limiter: { value: limiter, enumerable: true },
    handle: { value: (call: Call) => charged(engine, limiter, call), enumerable: true },
  }) as Engine
}

/** What charges a subscription: one budget with requests, and it costs what reading the list does. */
export function chargeOf(limiter: Limiter | null): ((call: Call) => Maybe<unknown>) | null {
  if (limiter === null) return null
  return call => (call.unbounded || !limiter.concerns(call.resource) ? undefined : run(limiter.charge(call)))
}

function charged(engine: Engine, limiter: Limiter, call: Call): Maybe<Outcome> {
  // What the application asks for itself is free.
  if (call.unbounded || !limiter.concerns(call.resource)) return engine.handle(call)
  const answer = (lines: HeaderLines): Maybe<Outcome> => chain(engine.handle(call), outcome => carrying(outcome, lines))
  try {
    const lines = run(limiter.charge(call))
    return lines instanceof Promise ? lines.then(answer, refused) : answer(lines)
  } catch (thrown) {
    return refused(thrown)
  }
}

function refused(thrown: unknown): Outcome {
  return { kind: 'failure', error: ApiError.from(thrown) }
}
