import { plainCredentials, type Principal } from '../../../auth/principal.ts'
import { explainRule } from '../../../engine/rules/explain-rules.ts'
import type { Id, Resource } from '../../../model/model.ts'
import type { Snapshot } from '../../../store/store.ts'
import type { Work } from '../../../store/work.ts'
import type { Service } from '../../../transport/http/endpoint.ts'
import { idsOf } from '../asked-ids.ts'
import { servedResource } from '../model-report.ts'
import { asksStudio, misasked, refusedToUse } from '../studio-service.ts'
import type { StudioSubject } from '../studio-subject.ts'
import type { StudioOptions } from '../studio-options.ts'

/** The most rows of one question. */
const MOST = 500

const actions = ['read', 'write', 'delete'] as const

interface Verdict {
  readonly id: Id
  readonly may: Readonly<Record<string, boolean>>
  /** Each part of the rule and whether it holds, for an operation that is refused or was asked for. */
  readonly why: Readonly<Record<string, readonly string[]>>
}

/**
 * Says what a user may do with rows, and why: `{ resource, ids, user }`. Without `user` it is the caller, and null is somebody who
 * is not logged in.
 */
export function verdictService(path: string, rules: Required<StudioOptions>, shown: StudioSubject): Service {
  const { model, store, auth } = shown
  return asksStudio(path, rules, async (asked, { who, exchange }) => {
    const resource = servedResource(model, asked['resource'])
    if (!resource) throw misasked('resource', 'must be the name of a resource that is served')
    const ids = idsOf(resource, asked['ids'], MOST)
    let me = who
    if (asked['user'] !== undefined) {
      if (!rules.lookAs(who, plainCredentials(exchange))) throw refusedToUse(who)
      me = asked['user'] === null ? null : ((await auth?.userOf(asked['user'] as Id)) ?? null)
      if (asked['user'] !== null && me === null) throw misasked('user', 'must be the id of a user')
    }
    return { user: me?.id ?? null, rows: await store.read(snapshot => verdicts(snapshot, resource, ids, me)) }
  })
}

function* verdicts(snapshot: Snapshot, resource: Resource, ids: readonly Id[], me: Principal | null): Work<Verdict[]> {
  const rows: Verdict[] = []
  for (const id of ids) {
    const may: Record<string, boolean> = {}
    const why: Record<string, readonly string[]> = {}
    for (const action of actions) {
      const { allowed, lines } = yield* explainRule(snapshot, { resource, action, id, me })
      may[action] = allowed
      why[action] = lines
    }
    rows.push({ id, may, why })
  }
  return rows
}
