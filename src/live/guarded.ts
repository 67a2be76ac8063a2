import type { Resource } from '../model/model.ts'
import type { Guard, Permissions } from '../engine/permissions.ts'
import type { View } from '../engine/view.ts'
import { readsOf } from './terms.ts'

/** Rules decide by more than the row itself what of a view its reader sees: which related rows, which fields. */
export function hasStrictGuards(view: View, permissions: Permissions): boolean {
  return (
    fieldGuards(view, permissions).some(guard => guard.test === null) ||
    view.loads.some(
      load => !permissions.read(load.field.target).open || ('view' in load && hasStrictGuards(load.view, permissions)),
    )
  )
}

/** The resources that those rules read. */
export function guardReads(view: View, permissions: Permissions, into: Set<Resource>): void {
  for (const guard of fieldGuards(view, permissions)) readsOf(view.resource, guard.predicate, into)
  for (const load of view.loads) {
    const { target } = load.field
    into.add(target)
    readsOf(target, permissions.read(target).predicate, into)
    if ('view' in load) guardReads(load.view, permissions, into)
  }
}

function fieldGuards({ resource }: View, permissions: Permissions): Guard[] {
  return Object.keys(resource.rules?.fields ?? {})
    .map(name => permissions.field(resource, name, 'read'))
    .filter(guard => !guard.open)
}
