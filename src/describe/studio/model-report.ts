import type { Principal } from '../../auth/principal.ts'
import { jobsName } from '../../engine/jobs/job-resource.ts'
import { printRule } from '../../engine/rules/explain-rules.ts'
import { ruleFor } from '../../engine/rules/bind.ts'
import type { Model, Resource } from '../../model/model.ts'
import { defaultLimits } from '../../protocol/limits.ts'
import { everything } from '../../query/predicate.ts'
import { wait, type Work } from '../../store/work.ts'
import type { Snapshot, UnindexedQuery } from '../../store/store.ts'
import type { StudioSubject } from './studio-subject.ts'
import type { May } from './studio-service.ts'
import { labelOf, usersOf } from './users.ts'

/** A resource as those see it who may use the studio. */
interface ReportedResource {
  readonly name: string
  /** All rows, whoever may see them. */
  readonly rows: number | null
  /** Each operation and its rule, in the words of the declaration. */
  readonly rules: Readonly<Record<string, string>>
  readonly fieldRules: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly warnings: readonly string[]
}

/** The resources with their counts, rules and warnings. */
export async function modelReport(shown: StudioSubject, me: Principal | null, may: May): Promise<object> {
  const { model, store, auth, live, engine, hasMetrics } = shown
  const served = [...model.resources.values()].filter(({ paths }) => paths.length > 0)
  const [counts, unindexed] = await store.read(function* (snapshot): Work<[Counts, readonly UnindexedQuery[]]> {
    return [yield* countsOf(snapshot, served), snapshot.unindexed ?? []]
  })
  const identifies = auth !== null
  return {
    store: store.name,
    position: await live.now(),
    users: usersOf(model)?.name ?? null,
    me: me && { id: me.id, label: labelOf(shown, me) },
    has: {
      jobs: model.resources.has(jobsName),
      sessions: (auth?.sessions ?? null) !== null,
      metrics: hasMetrics,
    },
    limits: engine.limits,
    defaultLimits,
    may: { lookAs: may.lookAs && auth?.login !== null && auth !== null },
    warnings: model.warnings,
    resources: served.map(resource => {
      const rows = counts.get(resource) ?? null
      const wanted = unindexed.filter(one => one.resource === resource.name && (rows ?? 0) > SMALL)
      return reported(resource, rows, { identifies, wanted })
    }),
  }
}

/** How many rows a table may have without an index before anybody notices. */
const SMALL = 1_000

type Counts = ReadonlyMap<Resource, number>

function* countsOf(snapshot: Snapshot, resources: readonly Resource[]): Work<Counts> {
  const counts = new Map<Resource, number>()
  for (const resource of resources) counts.set(resource, yield* wait(snapshot.count(resource, everything)))
  return counts
}

function reported(
  resource: Resource,
  rows: number | null,
  { identifies, wanted }: { readonly identifies: boolean; readonly wanted: readonly UnindexedQuery[] },
): ReportedResource {
  const { rules, options, permissions } = resource
  const isOpen = !options.public && rules === null && permissions === null && !identifies
  return {
    name: resource.name,
    rows,
    rules: rulesOf(resource, identifies),
    fieldRules: Object.fromEntries(
      Object.entries(rules?.fields ?? {}).map(([name, of]) => [
        name,
        Object.fromEntries(
          (['read', 'write'] as const).flatMap(word => (of?.[word] ? [[word, printRule(of[word])]] : [])),
        ),
      ]),
    ),
    warnings: [
      ...(isOpen ? ['No rules: anybody may read and write.'] : []),
      ...wanted.map(
        ({ fields }) => `Queries for ${fields.join(', ')} read the whole table. An index would help: .index()`,
      ),
    ],
  }
}

/** What rules are about. */
export const ruledOperations = ['read', 'create', 'write', 'delete'] as const

function rulesOf(resource: Resource, identifies: boolean): Record<string, string> {
  const { readOnly } = resource.options
  return Object.fromEntries(
    ruledOperations
      .filter(word => word === 'read' || !readOnly)
      .map(word => {
        const rule = ruleFor(resource, word)
        if (rule === null) return [word, 'never']
        if (rule !== 'open') return [word, printRule(rule)]
        return [word, isForLoggedIn(resource, word, identifies) ? 'me.signedIn' : 'always']
      }),
  )
}

/** Whether a resource without rules is for everybody who is logged in, and for nobody else. */
export function isForLoggedIn(resource: Resource, operation: string, identifies: boolean): boolean {
  return identifies && resource.permissions === null && !(resource.options.public && operation === 'read')
}

/** A resource by its name in a question; null = none is served under this name. */
export function servedResource(model: Model, name: unknown): Resource | null {
  const found = typeof name === 'string' ? model.resources.get(name) : undefined
  return found && found.paths.length > 0 ? found : null
}
