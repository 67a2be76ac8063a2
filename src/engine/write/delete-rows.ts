import { ApiError, type Issue } from '../../protocol/error.ts'
import type { Id, ManyField, OneField } from '../../model/model.ts'
import { wait, type Work } from '../../store/work.ts'
import { relatedIdsIn } from './related-ids.ts'
import { pair, setOne } from './both-sides.ts'
import { checkWritable } from '../rules/writable-fields.ts'
import { isVisible } from './visible-rows.ts'
import type { Instance, UnitOfWork } from './unit-of-work.ts'

/** A row that refers to a deleted row by a `restrict` relation. It blocks the deletion, unless it is deleted as well. */
type Restriction = { readonly child: Instance; readonly via: OneField }

/** Deletes a row: removes it from all relations, deletes what cascades, and refuses if something is restricted. */
export function remove(unit: UnitOfWork, instance: Instance): Work<void> {
  return removeAll(unit, [instance])
}

/** Deletes several rows. One of them may refer to another of them. */
export function* removeAll(unit: UnitOfWork, instances: readonly Instance[]): Work<void> {
  const restrictions: Restriction[] = []
  for (const instance of instances) yield* removeOne(unit, instance, restrictions)
  // Only now is it known which of the restricting rows are deleted themselves.
  const held = restrictions.filter(r => !r.child.deleted)
  if (held.length === 0) return
  const issues: Issue[] = []
  for (const { child, via } of held.slice(0, 10)) {
    const detail = (yield* isVisible(unit, child))
      ? `${child.resource.name} ${child.id} refers to it by ${via.name}`
      : 'a row that you cannot see refers to it'
    if (!issues.some(issue => issue.detail === detail)) issues.push({ code: 'restrict', pointer: '#', detail })
  }
  throw new ApiError('conflict', {
    detail: `${told(instances)} still referred to; delete or move what refers to it first`,
    issues,
  })
}

const told = ([first, ...others]: readonly Instance[]): string =>
  first && others.length === 0 ? `${first.resource.name} ${first.id} is` : 'some of these rows are'

function* removeOne(unit: UnitOfWork, instance: Instance, restrictions: Restriction[]): Work<void> {
  if (instance.deleted) return
  // Marked before what refers to it is visited, so that rows that refer to each other come to an end.
  instance.deleted = true
  unit.touch(instance)
  for (const via of instance.resource.inbound) {
    if (via.symmetric) continue
    for (const child of yield* pointing(unit, via, instance.id)) {
      if (child.deleted) continue
      // A consequence of the declaration: the rules of the child are not asked.
      child.implied = true
      if (via.onDelete === 'cascade') yield* removeOne(unit, child, restrictions)
      else if (via.onDelete === 'restrict') restrictions.push({ child, via })
      else {
        yield* checkWritable(unit, child, via, '#')
        child.row[via.slot] = null
        unit.touch(child)
      }
    }
  }
  for (const field of instance.resource.joins) {
    if (field.owner === instance.resource) yield* dissolve(unit, instance, field)
    if (field.target === instance.resource && !field.inverse && !field.symmetric) yield* forget(unit, instance, field)
  }
  for (const field of instance.resource.fields)
    if (field.is === 'one' && instance.row[field.slot] !== null) yield* leave(unit, instance, field)
}

/** The rows whose foreign key names the id, as the unit of work sees them. */
function* pointing(unit: UnitOfWork, via: OneField, id: Id): Work<Instance[]> {
  const stored = yield* wait(unit.tx.children(via, [id], null))
  const children = new Set(
    yield* unit.many(
      via.owner,
      stored.map(([, child]) => child),
    ),
  )
  for (const other of unit.loaded(via.owner)) children.add(other)
  return [...children].filter(child => child.row[via.slot] === id)
}

/** Removes the row from the targets of its foreign keys. */
function* leave(unit: UnitOfWork, instance: Instance, field: OneField): Work<void> {
  const stays = instance.row[field.slot] as Id
  yield* setOne(unit, instance, { field, id: null, pointer: '#' })
  if (instance.before) instance.row[field.slot] = stays // the log keeps the row as it was
}

/** Removes the row's own many-to-many links. */
function* dissolve(unit: UnitOfWork, instance: Instance, field: ManyField): Work<void> {
  for (const id of yield* relatedIdsIn(unit, instance, field))
    yield* pair(unit, instance, { field, id: id, pointer: '#' }, false)
}

/** Removes the row from one-way lists of other rows. */
function* forget(unit: UnitOfWork, instance: Instance, field: ManyField): Work<void> {
  const [mine, theirs] = field.side === 'a' ? (['b', 'a'] as const) : (['a', 'b'] as const)
  const stored = yield* wait(unit.tx.pairs(field.join, mine, [instance.id], null))
  const owners = new Set(stored.map(([, owner]) => owner))
  for (const change of unit.links(field.join))
    if (change[mine] === instance.id && change.op === 'add') owners.add(change[theirs])
  for (const owner of yield* unit.many(field.owner, [...owners]))
    yield* pair(unit, owner, { field, id: instance.id, pointer: '#' }, false)
}
