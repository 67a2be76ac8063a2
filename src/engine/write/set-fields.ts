import { ApiError, pointer, type Issue } from '../../protocol/error.ts'
import type { BackField, Field, Id, ManyField, Resource, ScalarField } from '../../model/model.ts'
import type { Value } from '../../schema/field.ts'
import { noWork, type Work } from '../../store/work.ts'
import {
  prepare,
  prepareField,
  type Prepared,
  type Preparation,
  type Setting,
  type RelatedTarget,
} from './read-body.ts'
import { Permissions } from '../rules/permissions.ts'
import { composedId } from './unique-key.ts'
import { mayWrite } from '../rules/other-side-rules.ts'
import { checkReferences } from './references.ts'
import { setBack, setMany, setOne, type NewList } from './both-sides.ts'
import { checkWritable, rowFor } from '../rules/writable-fields.ts'
import { relatedIdsIn } from './related-ids.ts'
import type { Instance, UnitOfWork } from './unit-of-work.ts'
import { jsonMode } from '../../schema/read/input-mode.ts'

/**
 * Creates a row from a prepared body: first its id, then defaults, then the values of the body, with nested rows depth first
 * (protocol §3.5).
 */
export function* create(unit: UnitOfWork, prepared: Prepared, id: Id | null): Work<Instance> {
  const { resource } = prepared
  const own = id ?? prepared.id ?? composedId(prepared) ?? (yield* unit.newId(unit, resource))
  if (id !== null || prepared.id !== null || resource.options.foreign !== null) {
    // Said at the end: a caller who may not create this row is told that, and not that another one is there.
    if (yield* unit.get(resource, own)) unit.taken ??= taken(resource, own, prepared.pointer)
    if (typeof own === 'number') unit.tx.reserve(resource, own)
  }
  const instance = unit.create(resource, own, prepared.pointer)
  const { settings } = prepared
  for (const field of resource.fields)
    if (!settings.some(setting => setting.field === field)) yield* setDefault(unit, instance, field, prepared.pointer)
  for (const setting of settings) yield* set(unit, instance, setting)
  return instance
}

/**
 * Replaces a row in place (protocol §3.3). Fields that the body leaves out return to their defaults, and omitted lists are
 * emptied if their rows may exist without the relation. Fields that the caller cannot see or set keep their values.
 */
export function* replace(unit: UnitOfWork, instance: Instance, prepared: Prepared): Work<void> {
  // Resets come first: otherwise they could undo what the body sets through the other side of a relation.
  const given = new Set<Field>([...prepared.settings, ...prepared.echoes].map(one => one.field))
  for (const field of instance.resource.fields)
    if (!given.has(field) && isReset(field) && (yield* mayWrite(unit, instance, field)))
      yield* reset(unit, instance, field, prepared.pointer)
  for (const setting of prepared.settings) yield* set(unit, instance, setting)
}

function isReset(field: Field): boolean {
  if (field.readonly || field.hidden || field.writable === false || field === field.owner.id) return false
  switch (field.is) {
    case 'scalar':
      // A body cannot contain bytes, so leaving a file out does not mean to remove it.
      return field.def.now === undefined && field.def.file === undefined
    case 'one':
      return field.nullable || field.default !== null
    case 'back':
      return field.ids && field.via.nullable
    case 'many':
      return field.ids
    case 'calc':
    case 'count':
    case 'self':
      return false
  }
}

function* reset(unit: UnitOfWork, instance: Instance, field: Field, base: string): Work<void> {
  const pointer = base + field.pointer
  if (field.default) return yield* setDefault(unit, instance, field, base)
  if (field.is === 'scalar') yield* setValue(unit, instance, { field, value: null, pointer }, false)
  else if (field.is === 'one') yield* setOne(unit, instance, { field, id: null, pointer })
  else if (field.is === 'back') yield* setBack(unit, instance, { field, ids: [], pointer })
  else if (field.is === 'many') yield* setMany(unit, instance, { field, ids: [], pointer })
}

function* setDefault(unit: UnitOfWork, instance: Instance, field: Field, base: string): Work<void> {
  if (field.is === 'scalar' && field.def.now) {
    instance.row[field.slot] = moment(field, unit.ctx.now)
    return
  }
  if (!field.default) return
  if ('filled' in field && field.filled === 'default' && instance.before === null) {
    ;(instance.filled ??= []).push(field.slot)
    return
  }
  const raw = 'from' in field.default ? field.default.from(unit.ctx) : field.default.value
  if (raw === null || raw === undefined) return
  // Linking already made a constant default canonical.
  if (field.is === 'scalar' && 'value' in field.default && field.checks.length === 0)
    return yield* setValue(unit, instance, { field, value: raw as Value, pointer: '' }, false)
  const issues: Issue[] = []
  const value = raw instanceof Date ? (field.type?.fromDate?.(raw) ?? raw.toISOString()) : raw
  const setting = prepareField(field, value, base + field.pointer, {
    mode: unit.mode.readsDefaults ? unit.mode : jsonMode,
    operation: 'create',
    issues,
    ctx: unit.ctx,
  })
  if (!setting)
    throw new TypeError(`the default of ${field.owner.name}.${field.name} is not valid: ${issues[0]?.detail ?? ''}`)
  yield* checkReferences(unit, [setting])
  yield* set(unit, instance, setting, false)
}

/** The given time as a value of the field's type. */
export function moment(field: ScalarField, now: number): Value {
  return field.type.fromDate!(new Date(now))
}

/** Sets one field. `guarded` = the caller sets it, so it must be writable. */
export function set(unit: UnitOfWork, instance: Instance, setting: Setting, guarded: boolean = true): Work<void> {
  if (guarded) {
    instance.given.push(setting.field)
    // The field's rule applies even if the new value equals the old one.
    if (instance.resource.rules?.fields?.[setting.field.name]) unit.touch(instance)
  }
  return setting.kind === 'value'
    ? setValue(unit, instance, setting, guarded)
    : setOther(unit, instance, setting, guarded)
}

function* setOther(
  unit: UnitOfWork,
  instance: Instance,
  setting: Exclude<Setting, { kind: 'value' }>,
  guarded: boolean,
): Work<void> {
  const { pointer } = setting
  switch (setting.kind) {
    case 'one': {
      const { field, target } = setting
      const [id = null] = target ? yield* resolve(unit, [target]) : []
      if (guarded) yield* checkWritable(unit, instance, field, pointer)
      if (field.is === 'one') return yield* setOne(unit, instance, { field, id, pointer })
      return yield* setBack(unit, instance, { field, ids: id === null ? [] : [id], pointer })
    }
    case 'list': {
      const { field } = setting
      const ids = yield* resolve(unit, setting.targets)
      if (guarded) yield* checkWritable(unit, instance, field, pointer)
      return yield* setList(unit, instance, { field, ids, pointer })
    }
    case 'calc':
      return yield* setCalc(unit, instance, setting)
  }
}

function setValue(
  unit: UnitOfWork,
  instance: Instance,
  setting: Omit<Setting & { kind: 'value' }, 'kind'>,
  guarded: boolean,
): Work<void> {
  const { field, value } = setting
  if (guarded && field.writable !== true) return setWritable(unit, instance, setting)
  if (value !== null && field.secret) unit.setPassword(instance, field.slot, value as string)
  else instance.row[field.slot] = value
  unit.touch(instance)
  return noWork
}

function* setWritable(
  unit: UnitOfWork,
  instance: Instance,
  setting: Omit<Setting & { kind: 'value' }, 'kind'>,
): Work<void> {
  yield* checkWritable(unit, instance, setting.field, setting.pointer)
  yield* setValue(unit, instance, setting, false)
}

function setList(unit: UnitOfWork, owner: Instance, list: NewList<BackField | ManyField>): Work<void> {
  const { field } = list
  return field.is === 'back' ? setBack(unit, owner, { ...list, field }) : setMany(unit, owner, { ...list, field })
}

/** The ids of the targets. Nested rows are created first, from left to right, so that the enclosing body has the last word. */
function* resolve(unit: UnitOfWork, targets: readonly RelatedTarget[]): Work<Id[]> {
  const ids: Id[] = []
  for (const target of targets) ids.push('id' in target ? target.id : (yield* create(unit, target.body, null)).id)
  return ids
}

/** Runs a setter, which returns fields to set. They may be hidden or read-only, but must be writable and valid. */
function* setCalc(unit: UnitOfWork, instance: Instance, setting: Setting & { kind: 'calc' }): Work<void> {
  const { field } = setting
  const outcome = field.def.set!(yield* rowFor(unit, instance, field.uses), setting.value as never, unit.ctx)
  const issues: Issue[] = []
  const how: Preparation = { mode: unit.mode, operation: 'patch', issues, ctx: unit.ctx }
  for (const [name, raw] of Object.entries(outcome)) {
    const target = instance.resource.field.get(name)
    if (!target)
      throw new ApiError('validation', {
        issues: [
          {
            code: 'unknown_field',
            pointer: setting.pointer,
            detail: `sets ${name}, which ${instance.resource.name} does not have`,
          },
        ],
      })
    const inner = prepareField(target, raw, setting.pointer, how)
    if (issues.length) throw new ApiError('validation', { issues })
    if (!inner) continue
    yield* checkReferences(unit, [inner])
    yield* set(unit, instance, inner)
  }
}

/** Adds a row to a to-many relation, as creating it through a nested list does. */
export function* join(unit: UnitOfWork, owner: Instance, field: BackField | ManyField, id: Id): Work<void> {
  const ids = yield* relatedIdsIn(unit, owner, field)
  // Creating a row below another one sets the field of the upper row, so its rule applies.
  owner.given.push(field)
  if (!ids.has(id)) yield* setList(unit, owner, { field, ids: [...ids, id], pointer: '#' })
}

/** What a body is for, besides the unit of work that it is read in. */
export type BodyPurpose = Pick<Preparation, 'operation' | 'implied' | 'merging'> & {
  /** Where the body is, if it is not the whole request: `#/0`. */
  readonly base?: string
}

/** Reads a body for an operation. Throws one ApiError with all its faults. */
export function prepareBody(unit: UnitOfWork, resource: Resource, body: unknown, purpose: BodyPurpose): Prepared {
  const issues: Issue[] = []
  const prepared = prepare(resource, body, purpose.base ?? '#', {
    mode: unit.mode,
    lenient: unit.lenient,
    isOwn: unit.permissions === Permissions.all && unit.mode.letsApplicationSetAll,
    operation: purpose.operation,
    implied: purpose.implied ?? null,
    merging: unit.mode.merges ? (purpose.merging ?? null) : null,
    issues,
    echoes: [],
    ctx: unit.ctx,
  })
  if (issues.length) throw unfit(issues)
  return prepared
}

/** The error for the faults of a body: `read_only` if that is all that is wrong, otherwise `validation`. */
export function unfit(issues: readonly Issue[]): ApiError {
  return new ApiError(issues.every(issue => issue.code === 'read_only') ? 'read_only' : 'validation', { issues })
}

function taken(resource: Resource, id: Id, base: string): ApiError {
  return new ApiError('conflict', {
    issues: [
      { code: 'unique', pointer: pointer(base, resource.id.name), detail: `${resource.name} ${id} exists already` },
    ],
  })
}
