import type { RatePolicy } from '../../../model/declare/rate-limit.ts'
import { run } from '../../../store/work.ts'
import type { Service } from '../../../transport/http/endpoint.ts'
import { readsStudio } from '../studio-service.ts'
import type { StudioOptions } from '../studio-options.ts'
import type { StudioSubject } from '../studio-subject.ts'

/** How many budgets are listed. */
const LISTED = 200

/** The rate limits, and the budgets of which something is spent: on all nodes, if they share a store. */
export function budgetsService(path: string, rules: Required<StudioOptions>, shown: StudioSubject): Service {
  return readsStudio(path, rules, async () => {
    const { engine, model } = shown
    const limiter = engine.limiter ?? null
    const named = new Map<string, { policy: RatePolicy; resources: string[] }>()
    for (const policy of limiter?.common ?? []) named.set(policy.name, { policy, resources: [] })
    for (const { name, options } of model.resources.values())
      for (const policy of options.rateLimit) {
        const known = named.get(policy.name)
        if (known) known.resources.push(name)
        else named.set(policy.name, { policy, resources: [name] })
      }
    const policies = [...named.values()]
    const used =
      limiter &&
      (await run(
        limiter.used(
          policies.map(({ policy }) => policy),
          LISTED,
        ),
      ))
    return {
      at: engine.clock(),
      // Of calls of all resources, none is named.
      policies: policies.map(({ policy: { name, quota, window, by }, resources }) => ({
        name,
        quota,
        window,
        by,
        resources,
      })),
      isListed: used !== null || limiter === null,
      budgets: used ?? [],
    }
  })
}
