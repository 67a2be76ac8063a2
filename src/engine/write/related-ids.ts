import type { BackField, Field, Id, ManyField } from '../../model/model.ts'
import { wait, type Work } from '../../store/work.ts'
import { relatedIds } from '../read/related/related-pairs.ts'
import type { Instance, UnitOfWork } from './unit-of-work.ts'

/** The ids in a to-many relation as the unit of work sees them, changes included. */
export function* relatedIdsIn(unit: UnitOfWork, owner: Instance, field: BackField | ManyField): Work<Set<Id>> {
  const ids = new Set<Id>()
  if (owner.before)
    for (const [, id] of yield* wait(relatedIds(unit.tx, { field, owners: [owner.id], limit: null }))) ids.add(id)
  if (field.is === 'back') adjust(unit, owner, field, ids)
  else {
    for (const { a, b, op } of unit.links(field.join)) {
      const [mine, other] = field.side === 'a' ? [a, b] : [b, a]
      if (mine !== owner.id) continue
      if (op === 'add') ids.add(other)
      else ids.delete(other)
    }
  }
  return ids
}

/** Applies the unit's own changes: its rows may refer elsewhere than the stored ones. */
function adjust(unit: UnitOfWork, owner: Instance, field: BackField, ids: Set<Id>): void {
  for (const child of unit.loaded(field.target)) {
    if (!child.deleted && child.row[field.via.slot] === owner.id) ids.add(child.id)
    else ids.delete(child.id)
  }
}

const tracked = new WeakMap<Field, boolean>()

/**
 * Whether a change of the relation changes the owner's representation, because its ids are shown, counted or used in a
 * calculation. Only then does the owner get a new version.
 */
export function isTracked(field: BackField | ManyField): boolean {
  let known = tracked.get(field)
  if (known === undefined) tracked.set(field, (known = field.ids || field.owner.fields.some(f => isMadeOf(f, field))))
  return known
}

function isMadeOf(made: Field, field: BackField | ManyField): boolean {
  if (made.is === 'count') return made.of === field
  return made.is === 'calc' && (made.uses?.includes(field.name) ?? false)
}
