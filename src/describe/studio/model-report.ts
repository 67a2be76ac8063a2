import { printRule } from '../../engine/rules/explain-rules.ts'
import { ruleFor } from '../../engine/rules/bind.ts'
import type { Model, Resource } from '../../model/model.ts'
import { everything } from '../../query/predicate.ts'
import { wait, type Work } from '../../store/work.ts'
import type { Snapshot } from '../../store/store.ts'
import type { StudioSubject } from './studio.ts'
import type { May } from './studio-service.ts'

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
export async function modelReport({ model, store, auth, live }: StudioSubject, may: May): Promise<object> {
  const served = [...model.resources.values()].filter(({ paths }) => paths.length > 0)
  const counts = await store.read(snapshot => countsOf(snapshot, served))
  const identifies = auth !== null
  return {
    store: store.name,
    position: await live.now(),
    users: [...model.resources.values()].find(({ login }) => login !== null)?.name ?? null,
    may: { lookAs: may.lookAs && auth?.login !== null && auth !== null },
    warnings: model.warnings,
    resources: served.map(resource => reported(resource, counts.get(resource) ?? null, identifies)),
  }
}

function* countsOf(snapshot: Snapshot, resources: readonly Resource[]): Work<Map<Resource, number>> {
  const counts = new Map<Resource, number>()
  for (const resource of resources) counts.set(resource, yield* wait(snapshot.count(resource, everything)))
  return counts
}

function reported(resource: Resource, rows: number | null, identifies: boolean): ReportedResource {
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
    warnings: isOpen ? ['It has no rules: anybody may read and write it.'] : [],
  }
}

const operations = ['read', 'create', 'write', 'delete'] as const

function rulesOf(resource: Resource, identifies: boolean): Record<string, string> {
  const { readOnly, public: isPublic } = resource.options
  return Object.fromEntries(
    operations
      .filter(word => word === 'read' || !readOnly)
      .map(word => {
        const rule = ruleFor(resource, word)
        if (rule === null) return [word, 'never']
        if (rule !== 'open') return [word, printRule(rule)]
        const closed = identifies && resource.permissions === null && !(isPublic && word === 'read')
        return [word, closed ? 'me.signedIn' : 'always']
      }),
  )
}

/** A resource by its name in a question; null = none is served under this name. */
export function servedResource(model: Model, name: unknown): Resource | null {
  const found = typeof name === 'string' ? model.resources.get(name) : undefined
  return found && found.paths.length > 0 ? found : null
}
