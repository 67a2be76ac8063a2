import { ModelError, type Fault } from '../../model/link/faults.ts'
import type { Model } from '../../model/model.ts'
import { ratePolicies, type RateLimit } from '../../model/declare/rate-limit.ts'
import type { Store } from '../../store/store.ts'
import { chain, run } from '../../store/work.ts'
import type { PipelineCheck } from '../call/invocation.ts'
import { Limiter, MemoryBudgets, type Budgets } from './rate-limiter.ts'
import { SharedBudgets } from './shared-budgets.ts'

export interface LimiterOptions {
  /** Limits for all calls of a caller, in addition to those of resources. */
  readonly rateLimit?: RateLimit | readonly RateLimit[] | undefined
  /** Where budgets are kept. Default: in the database if nodes share it, else in memory. */
  readonly budgets?: Budgets | undefined
  readonly store: Pick<Store, 'hasNodes' | 'shared'>
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
  if (!declared) return null
  const { store, random, budgets = store.hasNodes ? new SharedBudgets(store) : new MemoryBudgets() } = options
  return new Limiter(budgets, common, clock, random)
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
