import { ApiError, pointer, type Issue } from '../../protocol/error.ts'
import type { Field, Id, StoredField } from '../../model/model.ts'
import { ID } from '../../model/model.ts'
import { noWork, wait, type Work } from '../../store/work.ts'
import type { Call, Gone, Item, CallTarget, CallTerms } from '../call/call.ts'
import { checkParent } from '../read/check-parent.ts'
import { checkReadOnlyMembers } from './read-only-members.ts'
import { isObject, type Prepared } from './read-body.ts'
import { patchedBody } from '../patch/patch-body.ts'
import { RelatedLoader } from '../read/related/load-related.ts'
import { writeRows } from '../read/write-json.ts'
import { rowNotFound, showItem, visibleRow } from '../read/read.ts'
import type { WriteEnvironment } from '../call/call-environment.ts'
import { checkReferences, refuseVague, type RowName } from './references.ts'
import { remove } from './delete-rows.ts'
import { storedFileIn, madeFile, withUploads } from '../files/uploads.ts'
import { finishUnit } from './finish-unit.ts'
import { checkCreate } from '../rules/authorize.ts'
import type { Instance, UnitOfWork } from './unit-of-work.ts'
import { checkFile, checkVersion } from '../read/preconditions.ts'
import { isVisible } from './visible-rows.ts'
import { viewOf } from '../read/view.ts'
import { create, join, prepareBody, replace, set, unfit } from './set-fields.ts'

/** POST: creates one row, or several, all or nothing. Each sees the ones before it. */
export function* createRows(unit: UnitOfWork, call: Call, writing: WriteEnvironment): Work<Item> {
  const parent = call.parent ? yield* parentOf(unit, call, call.parent) : null
  // One row is answered as an object with its entity tag. An array is answered as an array, which has none, even if it has one row.
  if (!Array.isArray(call.input)) {
    const instance = yield* createOne(unit, call, call.input, '#', parent)
    yield* finishUnit(unit)
    return created(yield* showItem(unit.tx, viewOf(call.resource, call.shape), instance.row, writing))
  }
  if (call.input.length > writing.bulk)
    throw new ApiError('too_many_items', { detail: `at most ${writing.bulk} rows in one request` })
  const issues: Issue[] = []
  const instances: Instance[] = []
  for (const [i, body] of call.input.entries()) {
    try {
      instances.push(yield* createOne(unit, call, body, pointer('#', i), parent))
    } catch (error) {
      // Report the faults of all rows at once, as far as one row's faults do not hide another's.
      if (!(error instanceof ApiError) || (error.code !== 'validation' && error.code !== 'read_only')) throw error
      issues.push(...error.issues)
    }
  }
  if (issues.length) throw unfit(issues)
  yield* finishUnit(unit)
  return created(yield* showMany(unit, call, instances, writing))
}

function created(item: Item): Item {
  return { ...item, created: true }
}

function* createOne(
  unit: UnitOfWork,
  call: Call,
  body: unknown,
  base: string,
  parent: Instance | null,
): Work<Instance> {
  const field = call.parent?.field
  const implied = field?.is === 'back' ? field.via : null
  const prepared = withUploads(prepareBody(unit, call.resource, body, { operation: 'create', base, implied }), call)
  if (implied && call.parent) agreeWithParent(prepared, implied, call.parent.id)
  yield* check(unit, prepared, prepared.id)
  const instance = yield* create(unit, prepared, null)
  if (parent && (field?.is === 'back' || field?.is === 'many')) yield* join(unit, parent, field, instance.id)
  return instance
}

/** Refuses a body that contradicts its URI: below `/customers/2/orders` it may name customer 2 and no other. */
function agreeWithParent(prepared: Prepared, via: Field, parent: Id): void {
  const said = prepared.settings.find(s => s.field === via)
  if (!said || said.kind !== 'one' || (said.target && 'id' in said.target && said.target.id === parent)) return
  throw new ApiError('validation', {
    issues: [{ code: 'reference', pointer: said.pointer, detail: `differs from the URI, which says ${parent}` }],
  })
}

function* parentOf(unit: UnitOfWork, call: CallTarget, { resource, id }: RowName): Work<Instance> {
  const parent = yield* unit.get(resource, id)
  if (!parent?.before) throw rowNotFound(resource, id)
  yield* checkParent(unit.tx, call, unit.permissions)
  return parent
}

/** `own` is the row that the body changes, or the id of the row that it creates, if it is known. */
function check(unit: UnitOfWork, prepared: Prepared, own: Instance | Id | null = null): Work<void> {
  if (unit.strict) refuseVague(prepared)
  if (!prepared.refers) return noWork
  const { resource, settings } = prepared
  if (own === null) return checkReferences(unit, settings)
  return checkReferences(
    unit,
    settings,
    typeof own === 'object' ? { stored: own.row } : { created: { resource, id: own } },
  )
}

/** PATCH: a merge patch (RFC 7396) or a JSON Patch (RFC 6902). */
export function* patchRow(unit: UnitOfWork, call: Call, writing: WriteEnvironment): Work<Item> {
  const { file } = call
  const instance = yield* target(unit, call, writing)
  requireMatch(call)
  const made = file != null && madeFile(call, file, instance.row)
  yield* patchInstance(unit, call, instance, writing)
  yield* finishUnit(unit)
  const item = yield* showItem(unit.tx, viewOf(call.resource, call.shape), instance.row, writing)
  return made ? created(item) : item
}

/** Applies the call's body to a row. The row is written when the unit ends. */
export function* patchInstance(
  unit: UnitOfWork,
  call: Call,
  instance: Instance,
  writing: WriteEnvironment,
): Work<void> {
  const { resource, file, jsonPatch } = call
  const body = jsonPatch ? yield* patchedBody(unit, call, instance, writing) : call.input
  const read = prepareBody(unit, resource, body, {
    operation: call.complete ? 'replace' : 'patch',
    merging: jsonPatch ? null : { row: instance.row, limits: writing.values },
  })
  // Conditions are asked after the body was read: a malformed body is refused whatever the version, and reading the row anew would
  // not make it right (RFC 9110 §13.2.1).
  const prepared = call.uploads ? withUploads(read, call) : read
  if (prepared.echoes.length > 0) yield* checkReadOnlyMembers(unit, instance, prepared, writing)
  // Nothing is set yet, so the row still holds what is stored.
  if (file) checkFile(call.conditions, storedFileIn(file, instance.row))
  else yield* checkVersion(unit.tx, call, instance.before, writing)
  yield* check(unit, prepared, instance)
  for (const setting of prepared.settings) yield* set(unit, instance, setting)
}

/** PUT: replaces a row. Creates it if clients may choose ids or if it is named by a unique key. */
export function* putRow(unit: UnitOfWork, call: Call, writing: WriteEnvironment): Work<Item> {
  const { resource } = call
  const found = yield* named(unit, call)
  const existing = found && call.parent ? yield* target(unit, call, writing) : found
  if (!existing) {
    if (call.id !== null && !resource.id.def.client) throw rowNotFound(resource, call.id)
    checkCreate(call, writing.permissions)
  }
  requireMatch(call)
  // The URI says which row is meant. The body may repeat that, as a representation that was read does, but not contradict it.
  const body = existing ? withKey(call, call.input) : withoutId(call, withKey(call, call.input))
  const prepared = prepareBody(unit, resource, body, { operation: existing ? 'replace' : 'create' })
  if (existing && prepared.echoes.length > 0) yield* checkReadOnlyMembers(unit, existing, prepared, writing)
  yield* checkVersion(unit.tx, call, existing?.before ?? null, writing)
  yield* check(unit, prepared, existing ?? call.id ?? prepared.id)
  if (existing) yield* replace(unit, existing, prepared)
  const instance = existing ?? (yield* create(unit, prepared, call.id))
  yield* finishUnit(unit)
  const item = yield* showItem(unit.tx, viewOf(call.resource, call.shape), instance.row, writing)
  return existing ? item : created(item)
}

/** The row that a PUT names by id or unique key; null if there is none that the caller can see. */
function* named(unit: UnitOfWork, { resource, key, id }: Call): Work<Instance | null> {
  let found = id
  if (id === null) {
    if (!key) throw new TypeError('a PUT names a row')
    const slots = Object.keys(key).map(name => (resource.field.get(name) as StoredField).slot)
    const row = yield* wait(unit.tx.find(resource, slots, Object.values(key)))
    found = row ? (row[ID] as Id) : null
  }
  const instance = found === null ? null : yield* unit.get(resource, found)
  return instance && (yield* isVisible(unit, instance)) ? instance : null
}

/** Adds the unique key of the URI to the body. Throws ApiError if the body contradicts it. */
function withKey(call: Call, body: unknown): unknown {
  if (!call.key || !isObject(body)) return body
  for (const [name, value] of Object.entries(call.key))
    if (Object.hasOwn(body, name) && body[name] !== value) throw differs(name)
  return { ...body, ...call.key }
}

/** Removes the id from the body of a new row, which may repeat the id of its URI. */
function withoutId(call: Call, body: unknown): unknown {
  const { name } = call.resource.id
  if (call.id === null || call.mode.readonly === 'refuse' || !isObject(body) || !Object.hasOwn(body, name)) return body
  if (body[name] !== call.id) throw differs(name)
  const { [name]: _, ...rest } = body
  return rest
}

function differs(name: string): ApiError {
  return new ApiError('validation', {
    issues: [{ code: 'reference', pointer: pointer('#', name), detail: 'differs from the URI' }],
  })
}

/** DELETE: deletes a row, and what cascades from it. */
export function* deleteOne(unit: UnitOfWork, call: Call, writing: WriteEnvironment): Work<Gone> {
  const instance = yield* target(unit, call, writing)
  requireMatch(call)
  yield* checkVersion(unit.tx, call, instance.before, writing)
  const shown = call.returning
    ? (yield* showItem(unit.tx, viewOf(call.resource, call.shape), instance.row, writing)).body
    : null
  yield* remove(unit, instance)
  yield* finishUnit(unit)
  const position = writing.terms.position(unit.tx.position)
  return { kind: 'gone', resource: call.resource, position, ...(shown === null ? {} : { body: shown }) }
}

/** The row of the call, if the caller may see it and it is where the URI says. Throws ApiError `not_found` otherwise. */
function* target(unit: UnitOfWork, call: Call, writing: WriteEnvironment): Work<Instance> {
  if (call.parent || !writing.permissions.read(call.resource).open) yield* visibleRow(unit.tx, call, writing)
  const { resource, id } = call
  const instance = id === null ? null : yield* unit.get(resource, id)
  if (!instance) throw rowNotFound(resource, id ?? '')
  return instance
}

/** Throws 428 if the resource requires writes to name the version that they change, and the call does not (RFC 6585 §3). */
export function requireMatch(call: CallTarget & CallTerms): void {
  if (call.resource.options.ifMatch !== 'required') return
  if (
    call.conditions &&
    (call.conditions.ifMatch !== null ||
      call.conditions.ifNoneMatch !== null ||
      call.conditions.ifUnmodifiedSince !== null)
  )
    return
  throw new ApiError('precondition_required', {
    detail: 'send If-Match with the ETag of the version that the change is for',
  })
}

/** The representation of several rows as an array. `created` is false. */
export function* showMany(
  unit: UnitOfWork,
  call: Call,
  instances: readonly Instance[],
  writing: WriteEnvironment,
): Work<Item> {
  const view = viewOf(call.resource, call.shape)
  const rows = instances.map(instance => instance.row)
  const loader = new RelatedLoader(unit.tx, writing)
  const related = yield* loader.load(view, rows)
  return {
    kind: 'item',
    created: false,
    resource: call.resource,
    ids: instances.map(instance => instance.id),
    body: writeRows(view, rows, { related, ctx: writing.ctx, most: writing.bounds.computed }),
    etag: null,
    modified: null,
    position: writing.terms.position(unit.tx.position),
    cut: loader.cut,
  }
}
