import { ApiError } from '../../protocol/error.ts'
import type { BackField, Id, ManyField, OneField } from '../../model/model.ts'
import { ID } from '../../model/model.ts'
import { wait, type Work } from '../../store/work.ts'
import { relatedIdsIn, isTracked } from './related-ids.ts'
import { checkOtherSide, type Cause } from '../rules/other-side-rules.ts'
import { isVisible, visibleRows } from './visible-rows.ts'
import type { Instance, UnitOfWork } from './unit-of-work.ts'

/** What a foreign key shall name; `pointer` is where the body says so. */
export interface NewLink {
  readonly field: OneField
  readonly id: Id | null
  readonly pointer: string
  /** A caller named the relation, from either side. Default: it named this field. */
  readonly asked?: boolean
}

/** What a to-many relation shall list. */
export interface NewList<F extends BackField | ManyField> {
  readonly field: F
  readonly ids: readonly Id[]
  readonly pointer: string
}

/**
 * Sets a foreign key and keeps both sides of the relation in step. The previous and the new target lose and gain the row, and
 * the previous holder of a one-to-one place gives it up.
 */
export function* setOne(unit: UnitOfWork, instance: Instance, link: NewLink): Work<void> {
  const { field, id: target, pointer, asked = instance.given.includes(field) } = link
  const former = instance.row[field.slot] as Id | null
  if (former === target) return
  // The former holder leaves first: the place is unique, and both would hold it otherwise.
  if (field.single && target !== null) yield* vacate(unit, instance, { field, id: target, pointer, asked })
  instance.row[field.slot] = target
  unit.touch(instance)
  if (field.symmetric) yield* mirror(unit, instance, link, former)
  else {
    if (former !== null) yield* told(unit, field, former, { id: instance.id, joined: false, asked, pointer })
    if (target !== null) yield* told(unit, field, target, { id: instance.id, joined: true, asked, pointer })
  }
}

/** Updates the other row of a symmetric relation. There, the other side is the same field. */
function* mirror(unit: UnitOfWork, instance: Instance, link: NewLink, former: Id | null): Work<void> {
  const { field, id: target, pointer } = link
  const cause = { asked: instance.given.includes(field), pointer }
  if (former !== null && former !== instance.id) {
    const left = yield* unit.get(instance.resource, former)
    if (left && left.row[field.slot] === instance.id) yield* put(unit, left, { ...link, id: null }, cause)
  }
  if (target !== null && target !== instance.id) {
    const partner = yield* unit.get(instance.resource, target)
    if (!partner) return
    const other = partner.row[field.slot] as Id | null
    // The new partner leaves its previous partner.
    if (other !== null && other !== instance.id && other !== target) {
      const forsaken = yield* unit.get(instance.resource, other)
      if (forsaken) yield* put(unit, forsaken, { ...link, id: null }, cause)
    }
    yield* put(unit, partner, { ...link, id: instance.id }, cause)
  }
}

function* put(unit: UnitOfWork, instance: Instance, { field, id: target }: NewLink, cause: Cause): Work<void> {
  if (instance.row[field.slot] === target) return
  if (target === null && !field.nullable) throw yield* stillNeeded(unit, field, instance, cause.pointer)
  yield* checkOtherSide(unit, instance, field, cause)
  instance.row[field.slot] = target
  unit.touch(instance)
}

/** A change of a foreign key, as the row that it names needs to know it. */
interface News extends Cause {
  /** The row whose foreign key changed. */
  readonly id: Id
  readonly joined: boolean
}

/** Records at a foreign key's target that one more row refers to it, or one fewer. */
function* told(unit: UnitOfWork, field: OneField, target: Id, news: News): Work<void> {
  const inverse = field.inverse
  if (inverse?.is !== 'back') return
  const guarded = inverse.writable !== true || inverse.readonly || inverse.owner.rules?.fields?.[inverse.name]?.write
  // Loading the target costs a query, and its representation does not change.
  if (!guarded && !isTracked(inverse)) return
  const owner = yield* unit.get(field.target, target)
  if (!owner) return
  if (guarded) yield* checkOtherSide(unit, owner, inverse, news)
  if (isTracked(inverse)) unit.record(owner, inverse, news.id, news.joined)
}

/** Takes a one-to-one place from the row that holds it. */
function* vacate(
  unit: UnitOfWork,
  heir: Instance,
  { field, id: target, pointer, asked }: Required<NewLink> & { readonly id: Id },
): Work<void> {
  const holder = yield* holderOf(unit, field, target)
  if (!holder || holder.id === heir.id) return
  if (!field.nullable) throw yield* stillNeeded(unit, field, holder, pointer)
  yield* checkOtherSide(unit, holder, field, { asked, pointer })
  holder.row[field.slot] = null
  unit.touch(holder)
  yield* told(unit, field, target, { id: holder.id, joined: false, asked, pointer })
}

/** The row whose one-to-one foreign key names the target, as the unit of work sees it. */
function* holderOf(unit: UnitOfWork, field: OneField, target: Id): Work<Instance | null> {
  const resource = field.owner
  const row = yield* wait(unit.tx.find(resource, [field.slot], [target]))
  if (row) {
    const stored = yield* unit.get(resource, row[ID] as Id)
    if (stored && stored.row[field.slot] === target) return stored
  }
  // The unit may have given the place to another row that is not stored yet.
  for (const instance of unit.loaded(resource))
    if (!instance.deleted && instance.row[field.slot] === target) return instance
  return null
}

/**
 * Sets the to-many side. Rows that are added refer to the owner from now on, wherever they did before; rows that are removed
 * refer to nothing.
 */
export function* setBack(unit: UnitOfWork, owner: Instance, { field, ids, pointer }: NewList<BackField>): Work<void> {
  const cause = { asked: owner.given.includes(field), pointer }
  const current = yield* relatedIdsIn(unit, owner, field)
  const wanted = new Set(ids)
  for (const child of yield* unit.many(
    field.target,
    [...wanted].filter(id => !current.has(id)),
  )) {
    yield* checkOtherSide(unit, child, field.via, cause)
    yield* setOne(unit, child, { field: field.via, id: owner.id, ...cause })
  }
  for (const child of yield* seen(
    unit,
    field,
    yield* unit.many(
      field.target,
      [...current].filter(id => !wanted.has(id)),
    ),
  )) {
    if (!field.via.nullable) throw yield* stillNeeded(unit, field.via, child, pointer)
    yield* checkOtherSide(unit, child, field.via, cause)
    yield* setOne(unit, child, { field: field.via, id: null, ...cause })
  }
}

/** Sets a many-to-many relation by adding and removing links. */
export function* setMany(unit: UnitOfWork, owner: Instance, { field, ids, pointer }: NewList<ManyField>): Work<void> {
  const current = yield* relatedIdsIn(unit, owner, field)
  const wanted = new Set(ids)
  for (const id of wanted) if (!current.has(id)) yield* pair(unit, owner, { field, id, pointer }, true)
  const left = yield* unit.many(
    field.target,
    [...current].filter(id => !wanted.has(id)),
  )
  for (const { id } of yield* seen(unit, field, left)) yield* pair(unit, owner, { field, id, pointer }, false)
}

/** A list that a caller sends says nothing about rows that the caller cannot see, so those stay in it. */
function seen(unit: UnitOfWork, field: BackField | ManyField, rows: readonly Instance[]): Work<readonly Instance[]> {
  return visibleRows(unit, field.target, rows)
}

/** Adds or removes one link of a many-to-many relation, in both directions. */
export function* pair(
  unit: UnitOfWork,
  owner: Instance,
  { field, id, pointer }: { readonly field: ManyField; readonly id: Id; readonly pointer: string },
  add: boolean,
): Work<void> {
  const op = add ? 'add' : 'remove'
  const [a, b] = field.side === 'a' ? [owner.id, id] : [id, owner.id]
  unit.link({ join: field.join, a, b, op })
  if (field.symmetric && a !== b) unit.link({ join: field.join, a: b, b: a, op })
  unit.record(owner, field, id, add)
  const inverse = field.symmetric ? field : field.inverse
  if (!inverse || (field.symmetric && a === b)) return
  const other = yield* unit.get(field.target, id)
  if (!other) return
  yield* checkOtherSide(unit, other, inverse, { asked: owner.given.includes(field), pointer })
  if (isTracked(inverse)) unit.record(other, inverse, owner.id, add)
}

/** Names the row only if the caller may see it. */
function* stillNeeded(unit: UnitOfWork, field: OneField, instance: Instance, pointer: string): Work<ApiError> {
  const name = (yield* isVisible(unit, instance)) ? `${instance.resource.name} ${instance.id}` : 'another row'
  return new ApiError('conflict', {
    detail: `${name} must have a ${field.name}; give it another one or delete it`,
    issues: [{ code: 'restrict', pointer, detail: `${name} needs its ${field.name}` }],
  })
}
