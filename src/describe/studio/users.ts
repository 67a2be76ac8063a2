import type { Principal } from '../../auth/principal.ts'
import type { Id, Model, Resource } from '../../model/model.ts'
import type { StudioSubject } from './studio-subject.ts'

/** The resource whose rows log in; null = none. */
export function usersOf(model: Model): Resource | null {
  return [...model.resources.values()].find(({ login }) => login !== null) ?? null
}

/** What a user is called: what it logs in with, and its role. */
export function labelOf({ model }: StudioSubject, me: Principal | null): string {
  if (me === null) return 'nobody'
  const users = usersOf(model)
  const names = [users?.login?.id, users?.columns.find(({ type }) => Array.isArray(type.schema['enum']))?.name]
  return names
    .map(name => (name === undefined ? null : me[name]))
    .filter(one => typeof one === 'string')
    .join(', ')
}

/** Says what users are called by their ids, and looks each up once; empty = there is no such user, or it has no name. */
export function labelsOf(shown: StudioSubject): (id: Id) => Promise<string> {
  const known = new Map<Id, string>()
  return async id => {
    const user = known.has(id) ? null : await shown.auth?.userOf(id)
    const label = known.get(id) ?? (user ? labelOf(shown, user) : '')
    known.set(id, label)
    return label
  }
}
