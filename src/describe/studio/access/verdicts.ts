import { plainCredentials, type Principal } from '../../../auth/principal.ts'
import { explainForCaller, explainRule, type RuleExplanation } from '../../../engine/rules/explain-rules.ts'
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

const operations = ['read', 'write', 'delete'] as const

interface Verdict {
  readonly id: Id
  readonly may: Readonly<Record<string, boolean>>
  /** Each part of the rule, whether it holds, and the values that it compares, for an operation that is refused or was asked for. */
  readonly why: Readonly<Record<string, readonly string[]>>
}

/** What is asked of each row. */
interface Asking {
  readonly resource: Resource
  /** Whose rights are explained. */
  readonly me: Principal | null
  readonly users: Resource | null
  readonly tellsValues: boolean
}

/**
 * Says what a user may do with rows, and why: `{ resource, ids, user }`. Without `user` it is the caller, and null is somebody who
 * is not logged in. `whole` is about what needs no row: creating one, and the actions of the resource.
 */
export function verdictService(path: string, rules: Required<StudioOptions>, shown: StudioSubject): Service {
  const { model, store, auth } = shown
  return asksStudio(path, rules, async (asked, { who, exchange }) => {
    const resource = servedResource(model, asked['resource'])
    if (!resource) throw misasked('resource', 'must be the name of a resource that is served')
    const ids = idsOf(resource, asked['ids'], MOST)
    let me = who
    const mayLookAs = rules.lookAs(who, plainCredentials(exchange))
    if (asked['user'] !== undefined) {
      if (!mayLookAs) throw refusedToUse(who)
      me = asked['user'] === null ? null : ((await auth?.userOf(asked['user'] as Id)) ?? null)
      if (asked['user'] !== null && me === null) throw misasked('user', 'must be the id of a user')
    }
    // Who may not look as somebody else may not see what others see either, and rules compare values of any row.
    const asking: Asking = { resource, me, users: auth?.login?.users ?? null, tellsValues: mayLookAs }
    return {
      user: me?.id ?? null,
      rows: await store.read(snapshot => verdicts(snapshot, ids, asking)),
      whole: verdictOfWhole(asking),
    }
  })
}

/** What a user may do that is about no row yet: create one, and call the actions of the resource. null = that depends. */
function verdictOfWhole(asking: Asking): {
  readonly may: Readonly<Record<string, boolean | null>>
  readonly why: Verdict['why']
} {
  const may: Record<string, boolean | null> = {}
  const why: Record<string, readonly string[]> = {}
  for (const [name, action] of [['create', 'create'] as const, ...actionsOn(asking.resource, 'resource')]) {
    const explained = explainForCaller({ ...asking, action })
    may[name] = explained.allowed
    why[name] = linesOf(explained, asking)
  }
  return { may, why }
}

/** The lines of an explanation, each with the values that decide, for those who are told them. */
function linesOf({ lines, values }: Pick<RuleExplanation, 'lines' | 'values'>, { tellsValues }: Asking): string[] {
  return lines.map((line, i) => (tellsValues && values[i] !== '' ? `${line} (${values[i]})` : line))
}

/** The actions of a resource or of its rows, by their names, and as rules name them. */
function actionsOn(resource: Resource, on: 'row' | 'resource'): (readonly [name: string, rule: string])[] {
  const all = [...resource.actions.values()].filter(action => (action.on === 'row') === (on === 'row'))
  return all.map(({ name }) => [name, `act ${name}`])
}

function* verdicts(snapshot: Snapshot, ids: readonly Id[], asking: Asking): Work<Verdict[]> {
  const rows: Verdict[] = []
  for (const id of ids) {
    const may: Record<string, boolean> = {}
    const why: Record<string, readonly string[]> = {}
    const asked = [...operations.map(one => [one, one] as const), ...actionsOn(asking.resource, 'row')]
    for (const [name, action] of asked) {
      const explained = yield* explainRule(snapshot, { ...asking, action, id })
      may[name] = explained.allowed
      why[name] = linesOf(explained, asking)
    }
    rows.push({ id, may, why })
  }
  return rows
}
