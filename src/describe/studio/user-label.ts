import type { Principal } from '../../auth/principal.ts'
import { usersOf } from './model-report.ts'
import type { StudioSubject } from './studio-subject.ts'

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
