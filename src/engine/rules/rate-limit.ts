import { ModelError, type Fault } from '../../model/link/faults.ts'
import type { Model } from '../../model/model.ts'
import { ratePolicies, type RateLimit } from '../../model/declare/rate-limit.ts'
import { chain, run } from '../../store/work.ts'
import type { PipelineCheck } from '../call/invocation.ts'
import { Limiter, MemoryBudgets, type Budgets } from './rate-limiter.ts'

export interface LimiterOptions {
  /** Limits for all calls of a caller, in addition to those of resources. */
  readonly rateLimit?: RateLimit | readonly RateLimit[] | undefined
  /** Where budgets are kept if several processes share them. */
  readonly budgets?: Budgets | undefined
  readonly random: (bytes: number) => Uint8Array
}

/** The limiter of an API; null if no limit is declared. Throws ModelError if the API's own limits are faulty. */
export function limiterOf(model: Model, clock: () => number, options: LimiterOptions): Limiter | null {
  const faults: Fault[] = []
  const common = ratePolicies(options.rateLimit, 'default', (place, problem, fix) =>
    faults.push({ place, problem, fix }),
  )
  if (faults.length > 0) throw new ModelError(faults)
  const declared = common.length > 0 || [...model.resources.values()].some(one => one.options.rateLimit.length > 0)
  return declared ? new Limiter(options.budgets ?? new MemoryBudgets(), common, clock, options.random) : null
}

/** The step `limit`: charges a call before anything else is done for it. The response tells what is left of the budget. */
export function limiting(limiter: Limiter): PipelineCheck {
  return invocation => {
    const { call } = invocation
    if (!limiter.concerns(call.resource)) return undefined
    return chain(run(limiter.charge(call)), lines => {
      invocation.lines = [...invocation.lines, ...lines]
    })
  }
}
