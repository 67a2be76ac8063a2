import { ApiError, pointer, type Issue } from '../../protocol/error.ts'
import type { Field } from '../../model/model.ts'
import { plainShape } from '../../query/predicate.ts'
import type { Work } from '../../store/work.ts'
import type { Call } from '../call/call.ts'
import { readOnlyIssue, unknownField } from '../write/refused-members.ts'
import { checkVersion } from '../read/preconditions.ts'
import { isObject } from '../write/read-body.ts'
import { writeRow } from '../read/write-json.ts'
import type { WriteEnvironment } from '../call/call-environment.ts'
import { RelatedLoader } from '../read/related/load-related.ts'
import { equal, type Instance, type UnitOfWork } from '../write/unit-of-work.ts'
import { viewOf, type View } from '../read/view.ts'
import { checkWritable } from '../rules/writable-fields.ts'
import { demand } from '../rules/write-rules.ts'
import { applyPatch } from './apply-patch.ts'
import { parsePatch, type PatchOperation } from './json-patch.ts'
import { Measure } from './measure.ts'

type Members = Readonly<Record<string, unknown>>

/** Refuses a JSON Patch that names unknown members, or members that the caller may not write, before any of it is applied. */
function* checkPatch(
  unit: UnitOfWork,
  call: Call,
  instance: Instance,
  operations: readonly PatchOperation[],
): Work<void> {
  const { resource } = call
  const issues: Issue[] = []
  const written = new Map<Field, string>()
  for (const { name, place, writes } of operations.flatMap(membersOf)) {
    const field = resource.field.get(name)
    if (!field?.known) {
      if (!unit.lenient && call.mode.unknown === 'refuse') issues.push(unknownField(resource, place))
    } else if (writes) {
      if (field === resource.id || field.readonly || field.derived) issues.push(readOnlyIssue(field, place))
      else if (!written.has(field)) written.set(field, place)
    }
  }
  if (issues.length > 0)
    throw new ApiError(issues.every(issue => issue.code === 'read_only') ? 'read_only' : 'validation', { issues })
  if (written.size === 0) return
  const image = instance.before ?? instance.row
  const { permissions } = unit
  yield* demand(unit, { resource, row: image, guard: permissions.for(resource, 'write'), action: 'write' })
  for (const [field, place] of written) {
    const guard = permissions.field(resource, field.name, 'write')
    yield* demand(unit, { resource, row: image, guard, action: `set ${field.name} of` })
    yield* checkWritable(unit, instance, field, place)
  }
}

/** The members of the representation that an operation names, and where. An operation on the whole row names none. */
function membersOf(
  operation: PatchOperation,
): { readonly name: string; readonly place: string; readonly writes: boolean }[] {
  const { op, path, at } = operation
  const [name] = path
  const members = name === undefined ? [] : [{ name, place: pointer(at, 'path'), writes: op !== 'test' }]
  if (op !== 'move' && op !== 'copy') return members
  const [source] = operation.from
  return source === undefined
    ? members
    : [...members, { name: source, place: pointer(at, 'from'), writes: op === 'move' }]
}

/**
 * Turns a JSON Patch (RFC 6902) into a body: the changed members of the representation, with their whole new values. Throws
 * ApiError if the caller may not write them, if the row has another version, or if the patch cannot be applied.
 */
export function* patchedBody(
  unit: UnitOfWork,
  call: Call,
  instance: Instance,
  writing: WriteEnvironment,
): Work<unknown> {
  const operations = parsePatch(call.input)
  yield* checkPatch(unit, call, instance, operations)
  // Check the version first: if it is not the expected one, it does not matter whether the patch could be applied.
  yield* checkVersion(unit.tx, call, instance.before, writing)
  const view = viewNamed(call, operations)
  // A patch applies to whole lists of ids, also to the part that a response would leave out.
  const bounds = { ...writing.bounds, ids: null }
  const { row } = instance
  const related = yield* new RelatedLoader(unit.tx, { ...writing, bounds }).load(view, [row])
  const text = writeRow(view, row, related, writing.ctx)
  const patched = applyPatch(JSON.parse(text), operations, writing.values)
  if (!isObject(patched)) return patched
  const body = changes(JSON.parse(text) as Members, patched)
  new Measure(writing.values).add(body, '#')
  return body
}

/** A view of the members that a patch names; of all members if it names the whole row. */
function viewNamed({ resource }: Call, operations: readonly PatchOperation[]): View {
  const whole = viewOf(resource, plainShape)
  if (operations.some(one => one.path.length === 0 || ('from' in one && one.from.length === 0))) return whole
  const named = new Set(operations.flatMap(membersOf).map(({ name }) => name))
  return viewOf(resource, { depth: 1, include: [], fields: whole.names.filter(name => named.has(name)) })
}

/** The members that differ; null for removed ones. */
function changes(before: Members, after: Members): Members {
  const changed: [string, unknown][] = []
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)]))
    if (!equal(before[name], after[name])) changed.push([name, Object.hasOwn(after, name) ? after[name] : null])
  return Object.fromEntries(changed)
}
