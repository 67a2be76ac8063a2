import { pointer, type Issue } from '../../protocol/error.ts'
import { asFile, readOnlyIssue, addRefusal, unknownField } from './refused-members.ts'
import type { InputMode } from '../../schema/read/input-mode.ts'
import { Refused } from '../../schema/read/refused.ts'
import type { Ctx, Value } from '../../schema/field.ts'
import type {
  BackField,
  CalcField,
  Field,
  Id,
  ManyField,
  OneField,
  Resource,
  Row,
  ScalarField,
} from '../../model/model.ts'
import { Measure, type ValueLimits } from '../patch/measure.ts'
import { mergePatch } from '../patch/merge-patch.ts'

/** A body that fits its resource: canonical values in the order of the declaration, and nested bodies. */
export interface Prepared {
  readonly resource: Resource
  readonly pointer: string
  readonly settings: readonly Setting[]
  /** Some settings name other rows or contain them, so references have to be checked. */
  readonly refers: boolean
  /** Read-only fields in the body. They are allowed if they repeat the current value, as in GET → edit → PUT. */
  readonly echoes: readonly ReadOnlyMember[]
  /** The id that the client chose, if the resource allows that. */
  readonly id: Id | null
}

export type Setting =
  | { readonly kind: 'value'; readonly field: ScalarField; readonly value: Value; readonly pointer: string }
  | {
      readonly kind: 'one'
      readonly field: OneField | BackField
      readonly target: RelatedTarget | null
      readonly pointer: string
    }
  | {
      readonly kind: 'list'
      readonly field: BackField | ManyField
      readonly targets: readonly RelatedTarget[]
      readonly pointer: string
    }
  | { readonly kind: 'calc'; readonly field: CalcField; readonly value: Value; readonly pointer: string }

export type RelatedTarget =
  | { readonly id: Id; readonly pointer: string }
  | { readonly body: Prepared; readonly pointer: string }

export interface ReadOnlyMember {
  readonly field: Field
  readonly value: unknown
  readonly pointer: string
  /** Why it could not be set, where the field could. */
  readonly refused?: Refused
}

export interface Preparation {
  readonly mode: InputMode
  /** Unknown members are ignored instead of refused. */
  readonly lenient?: boolean
  readonly operation: 'create' | 'replace' | 'patch'
  /** The application itself writes: it also sets readonly and hidden fields. */
  readonly isOwn?: boolean
  /** The foreign key that nesting implies. The nested body need not repeat it. */
  readonly implied?: Field | null
  /** Collects the faults of the whole body, so that the client learns all of them at once. */
  readonly issues: Issue[]
  /** Collects the read-only members of the body. Absent = a body may not have any. */
  readonly echoes?: ReadOnlyMember[]
  /** The row that a merge patch is applied to, and how large the values may become. */
  readonly merging?: Merging | null
  readonly ctx: Ctx
}

export interface Merging {
  readonly row: Row
  /** null = there are no limits. */
  readonly limits: ValueLimits | null
}

/** Reads a body against its resource. Faults are added to `issues`: fields in their declared order, then unknown members. */
export function prepare(resource: Resource, body: unknown, base: string, how: Preparation): Prepared {
  const settings: Setting[] = []
  const done = { resource, pointer: base, settings, echoes: how.echoes ?? none }
  if (!isObject(body)) {
    how.issues.push({ code: 'type', pointer: base, detail: `must be an object with fields of ${resource.name}` })
    return { ...done, refers: false, id: null }
  }
  let id: Id | null = null
  let refers = false
  let known = 0
  for (const field of resource.fields) {
    if (!Object.hasOwn(body, field.name) || (!field.known && how.isOwn !== true)) {
      if (how.operation !== 'patch') checkRequired(field, base, how)
      continue
    }
    known++
    const raw = body[field.name]
    const at = base + field.pointer
    if (field === resource.id) {
      if (how.operation === 'create' && resource.id.def.client === true) {
        const result = how.mode.read(resource.idType, raw)
        id = result instanceof Refused ? addRefusal(result, at, how.issues) : (result as Id)
      } else forbid(field, raw, at, how)
    } else if (field.derived || (field.readonly && how.isOwn !== true)) forbid(field, raw, at, how)
    else if (field.is === 'scalar' && field.def.file && raw !== null) {
      // In JSON, a file can be removed or sent back unchanged; bytes go to the file's URI.
      if (how.operation === 'create' || how.mode.readonly === 'refuse') how.issues.push(asFile(field, at))
      else forbid(field, raw, at, how)
    } else {
      const setting = prepareField(field, raw, at, how)
      if (!setting) continue
      settings.push(setting)
      refers ||= setting.kind === 'one' || setting.kind === 'list'
    }
  }
  const isLenient = how.mode.unknown === 'ignore' || how.lenient === true
  if (!isLenient && known < Object.keys(body).length) refuseUnknown(resource, body, base, how)
  return { ...done, refers, id }
}

/** One field's value; null (with an issue) if it does not fit. Functions of the declaration set fields through this as well. */
export function prepareField(field: Field, raw: unknown, at: string, how: Preparation): Setting | null {
  switch (field.is) {
    case 'scalar':
      return prepareScalar(field, raw, at, how)
    case 'calc':
      return prepareCalc(field, raw, at, how)
    case 'one':
      return prepareOne(field, raw, at, how)
    case 'back':
    case 'many':
      return field.toMany ? prepareList(field, raw, at, how) : prepareOne(field as BackField, raw, at, how)
    case 'count':
    case 'self':
      how.issues.push(readOnlyIssue(field, at))
      return null
  }
}

function prepareScalar(field: ScalarField, raw: unknown, at: string, how: Preparation): Setting | null {
  if (raw === null) {
    if (field.nullable) return { kind: 'value', field, value: null, pointer: at }
    if (field.default && how.mode.nullIsDefault && how.operation !== 'patch') return null // the default is set later
    if (field.default && how.mode.nullIsDefault && 'value' in field.default)
      return { kind: 'value', field, value: field.default.value as Value, pointer: at }
    how.issues.push({ code: 'required', pointer: at, detail: 'may not be null' })
    return null
  }
  const value = how.merging && field.type.merges ? merged(field, raw, at, how.merging) : raw
  const result = how.mode.read(field.type, value)
  if (result instanceof Refused) {
    const mayEcho = field.owner.options.foreign !== null && how.operation !== 'create'
    if (!mayEcho || !how.echoes) return addRefusal(result, at, how.issues)
    // Somebody else's row may hold what we would not store, and may be sent back as it was read.
    how.echoes.push({ field, value, pointer: at, refused: result })
    return null
  }
  const isValid = field.checks.length === 0 || passes(field, result, at, how)
  return isValid ? { kind: 'value', field, value: result, pointer: at } : null
}

/** The value of a JSON field after a merge patch of its own (RFC 7396). */
function merged(field: ScalarField, patch: unknown, at: string, { row, limits }: Merging): unknown {
  if (!isObject(patch)) return patch
  const value = mergePatch(row[field.slot], patch)
  new Measure(limits).add(value, at)
  return value
}

function prepareCalc(field: CalcField, raw: unknown, at: string, how: Preparation): Setting | null {
  if (!field.def.set) {
    how.issues.push({ code: 'read_only', pointer: at, detail: 'is calculated and has no setter' })
    return null
  }
  if (raw === null) return { kind: 'calc', field, value: null, pointer: at }
  const result = how.mode.read(field.type, raw)
  if (result instanceof Refused) return addRefusal(result, at, how.issues)
  return passes(field, result, at, how) ? { kind: 'calc', field, value: result, pointer: at } : null
}

/** Runs the field's own checks on a value of the right type. */
function passes(field: ScalarField | CalcField, value: Value, at: string, how: Preparation): boolean {
  const before = how.issues.length
  for (const check of field.checks) {
    const verdict = check(value as never, how.ctx)
    if (verdict !== true) how.issues.push({ code: 'check', pointer: at, detail: verdict })
  }
  return how.issues.length === before
}

function prepareOne(field: OneField | BackField, raw: unknown, at: string, how: Preparation): Setting | null {
  let value = raw
  if (how.mode.looseRelations && Array.isArray(raw)) {
    // [] removes the relation; a list of one element counts as the element.
    if (raw.length > 1) {
      how.issues.push({ code: 'type', pointer: at, detail: 'takes one id or object, not several' })
      return null
    }
    value = raw[0] ?? null
  }
  if (value === null && !(Array.isArray(raw) && raw.length === 1)) {
    if (field.is === 'back' || field.nullable) return { kind: 'one', field, target: null, pointer: at }
    if (field.default && how.operation !== 'patch') return null
    how.issues.push({ code: 'required', pointer: at, detail: `must name a ${field.target.name}` })
    return null
  }
  const target = prepareTarget(field, value, at, how)
  return target && { kind: 'one', field, target, pointer: at }
}

function prepareList(field: BackField | ManyField, raw: unknown, at: string, how: Preparation): Setting | null {
  if (raw === null && how.mode.looseRelations) return { kind: 'list', field, targets: [], pointer: at }
  if (!Array.isArray(raw)) {
    how.issues.push({ code: 'type', pointer: at, detail: `must be a list of ids or objects of ${field.target.name}` })
    return null
  }
  const targets: RelatedTarget[] = []
  const seen = new Set<Id>()
  raw.forEach((element, i) => {
    const target = prepareTarget(field, element, pointer(at, i), how)
    if (!target) return
    if ('id' in target) {
      if (seen.has(target.id)) return
      seen.add(target.id)
    }
    targets.push(target)
  })
  return { kind: 'list', field, targets, pointer: at }
}

function prepareTarget(
  field: OneField | BackField | ManyField,
  raw: unknown,
  at: string,
  how: Preparation,
): RelatedTarget | null {
  const target = field.target
  if (isObject(raw)) {
    const implied = field.is === 'back' ? field.via : field.is === 'one' ? field.inverse : null
    return {
      body: prepare(target, raw, at, { ...how, operation: 'create', implied, echoes: [], merging: null }),
      pointer: at,
    }
  }
  if (raw === null || typeof raw === 'boolean' || Array.isArray(raw)) {
    how.issues.push({ code: 'type', pointer: at, detail: `must be an id or an object of ${target.name}` })
    return null
  }
  const result = how.mode.read(target.idType, raw)
  if (!(result instanceof Refused)) return { id: result as Id, pointer: at }
  how.issues.push({
    code: result.code,
    pointer: at,
    detail: `must be an id or an object of ${target.name}: ${result.detail}`,
  })
  return null
}

function checkRequired(field: Field, base: string, how: Preparation): void {
  if (field === how.implied) return
  if (field.is === 'one' ? field.nullable || field.default : field.is !== 'scalar') return
  const scalar = field as ScalarField
  if (field.is === 'scalar' && (field.nullable || field.default || scalar.def.now || field === field.owner.id)) return
  if (!field.known) {
    how.issues.push({
      code: 'required',
      pointer: base,
      detail: `cannot be made here: a hidden field of ${field.owner.name} has no default`,
    })
    return
  }
  how.issues.push({ code: 'required', pointer: base + field.pointer, detail: 'is required' })
}

function forbid(field: Field, raw: unknown, at: string, how: Preparation): void {
  const { readonly } = how.mode
  if (readonly === 'ignore') return
  if (how.operation === 'create' || readonly === 'refuse') how.issues.push(readOnlyIssue(field, at))
  else how.echoes?.push({ field, value: raw, pointer: at })
}

const none: readonly ReadOnlyMember[] = Object.freeze([])

function refuseUnknown(resource: Resource, body: Record<string, unknown>, base: string, how: Preparation): void {
  for (const name of Object.keys(body)) {
    const field = resource.field.get(name)
    if (!field || (!field.known && how.isOwn !== true)) how.issues.push(unknownField(resource, pointer(base, name)))
  }
}

/** Whether a value is an object of JSON: neither null nor an array. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
