import type { Resource } from '../../model/model.ts'
import type { Query } from '../../query/predicate.ts'
import { Permissions, type Guard } from '../rules/permissions.ts'
import { collectReads, resourcesRead } from './resources-read.ts'
import { hash, type View } from './view.ts'

/** A group of callers who see the same, as far as rules decide what a representation shows. */
export interface Audience {
  /** Distinguishes the audience in entity tags. */
  readonly key: string
  /** The resources whose rows the rules look at. */
  readonly reads: ReadonlySet<Resource>
  /** A rule is a function, which may look at anything, so its result cannot be cached. */
  readonly isOpaque: boolean
}

const known = new WeakMap<
  Permissions,
  WeakMap<View | Query, { readonly view: View; readonly audience: Audience | null }>
>()

/**
 * The audience of a list, or of one row if there is no query. Null if no rule hides any part of it from anybody. Whether the
 * caller may see the row at all does not matter here: otherwise there is no representation.
 */
export function audienceOf(view: View, query: Query | null, permissions: Permissions): Audience | null {
  if (permissions === Permissions.all) return null
  let audiences = known.get(permissions)
  if (!audiences) known.set(permissions, (audiences = new WeakMap()))
  const key = query ?? view
  // A query may be shown in several ways, and rules may not affect all of them.
  let found = audiences.get(key)
  if (found?.view !== view) audiences.set(key, (found = { view, audience: find(view, query, permissions) }))
  return found.audience
}

function find(view: View, query: Query | null, permissions: Permissions): Audience | null {
  const reads = new Set<Resource>()
  let isRuled = false
  let isOpaque = false
  const ask = (resource: Resource, guard: Guard): void => {
    if (guard.open) return
    isRuled = true
    isOpaque ||= guard.opaque !== null
    collectReads(resource, guard.predicate, reads)
  }
  const look = ({ resource, loads }: View): void => {
    for (const name of Object.keys(resource.rules?.fields ?? {}))
      ask(resource, permissions.field(resource, name, 'read'))
    for (const load of loads) {
      ask(load.field.target, permissions.read(load.field.target))
      if ('view' in load) look(load.view)
    }
  }
  if (query) for (const resource of resourcesRead(view, query)) ask(resource, permissions.read(resource))
  look(view)
  if (!isRuled) return null
  return { key: permissions.me ? hash(textOf(permissions.me)) : 'anonymous', reads, isOpaque }
}

function textOf(me: object): string {
  return JSON.stringify(me, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))
}
