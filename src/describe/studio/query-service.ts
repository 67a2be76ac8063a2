import { appCall, type CallOptions } from '../../engine/call/app-call.ts'
import { interestOf } from '../../live/views/interest.ts'
import type { QueryPlan, Snapshot } from '../../store/store.ts'
import { wait, type Work } from '../../store/work.ts'
import type { Service } from '../../transport/http/endpoint.ts'
import { servedResource } from './model-report.ts'
import { asksStudio, misasked } from './studio-service.ts'
import type { StudioSubject } from './studio-subject.ts'
import type { StudioOptions } from './studio-options.ts'

/**
 * Explains a list as the caller would get it, rules included: `{ resource, filter, sort, limit }`. The answer has the SQL and its
 * plan (null if the store has none), and what following it costs.
 */
export function queryService(path: string, rules: Required<StudioOptions>, shown: StudioSubject): Service {
  const { model, store, engine, live } = shown
  return asksStudio(path, rules, async ({ resource: name, filter, sort, limit }, { who }) => {
    const resource = servedResource(model, name)
    if (!resource) throw misasked('resource', 'must be the name of a resource that is served')
    const given = { ...(filter != null && { filter }), ...(sort != null && { sort }), ...(limit != null && { limit }) }
    // They are checked like those of any request.
    const options = { ...given, me: who } as CallOptions
    const call = appCall(engine, { operation: 'list', name: resource.name }, options)
    const { interest } = interestOf(call, engine.callerChecks)
    const { where, sort: keys, limit: most, opaque } = interest
    const select = { where, sort: keys, limit: most, offset: 0, cursor: null }
    const plan = await store.read(function* (snapshot: Snapshot): Work<QueryPlan | null> {
      return snapshot.explain ? yield* wait(snapshot.explain(resource, select)) : null
    })
    return {
      ...live.explain(call),
      sql: plan?.sql ?? null,
      values: (plan?.values ?? []).map(shownValue),
      steps: plan?.steps ?? [],
      hasFunction: opaque !== null,
    }
  })
}

/** A bound value as JSON can show it. */
function shownValue(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value)
  return value instanceof Uint8Array ? `${value.length} bytes` : value
}
