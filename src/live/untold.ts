import type { Resource } from '../model/model.ts'
import { isTracked } from '../engine/lists.ts'
import type { Guard, Permissions } from '../engine/permissions.ts'
import type { View } from '../engine/view.ts'
import { readsOf } from './terms.ts'

/**
 * No record of the log may tell that a row is shown otherwise: rules decide by other rows what its reader sees of it,
 * or it shows rows of a join that leaves no record with it.
 */
export function changesUntold(view: View, permissions: Permissions): boolean {
  return (
    fieldGuards(view, permissions).some(guard => guard.test === null) ||
    view.loads.some(
      load =>
        !permissions.read(load.field.target).open ||
        (load.field.is === 'many' && !isTracked(load.field)) ||
        ('view' in load && changesUntold(load.view, permissions)),
    )
  )
}

/** The resources that then tell when to look. */
export function untoldReads(view: View, permissions: Permissions, into: Set<Resource>): void {
  for (const guard of fieldGuards(view, permissions)) readsOf(view.resource, guard.predicate, into)
  for (const load of view.loads) {
    const { target } = load.field
    into.add(target)
    readsOf(target, permissions.read(target).predicate, into)
    if ('view' in load) untoldReads(load.view, permissions, into)
  }
}

function fieldGuards({ resource }: View, permissions: Permissions): Guard[] {
  return Object.keys(resource.rules?.fields ?? {})
    .map(name => permissions.field(resource, name, 'read'))
    .filter(guard => !guard.open)
}
