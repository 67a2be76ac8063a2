import { getOrThrow } from '../../protocol/get-or-throw.ts'
import { ApiError, type Issue } from '../../protocol/error.ts'
import type { Id, Resource, Row } from '../../model/model.ts'
import { noWork, type Work } from '../../store/work.ts'
import type { Prepared, Setting, RelatedTarget } from './read-body.ts'
import { visibleRows } from './visible-rows.ts'
import type { UnitOfWork } from './unit-of-work.ts'

/** A row that may not exist yet. */
export interface RowName {
  readonly resource: Resource
  readonly id: Id
}

interface Reference extends RowName {
  readonly pointer: string
  /** The row refers there already. */
  readonly kept: boolean
}

/** The row that a body creates itself, if its id is known, or the row that it changes. */
export interface OwnRow {
  readonly created?: RowName | null
  readonly stored?: Row | null
}

/**
 * Checks that every row named in a body exists, or is created by the body before it is named. All missing ones are reported
 * together (protocol §6.2). A reference of another program's row to nothing may stay as it is.
 */
export function checkReferences(
  unit: UnitOfWork,
  settings: readonly Setting[],
  { created = null, stored = null }: OwnRow = {},
): Work<void> {
  const references: Reference[] = []
  const made: RowName[] | null = unit.mode.letsBodyNameOwnRows ? (created ? [created] : []) : null
  for (const setting of settings) collect(setting, { into: references, made, stored })
  return references.length === 0 ? noWork : demand(unit, references)
}

function* demand(unit: UnitOfWork, references: readonly Reference[]): Work<void> {
  const byResource = Map.groupBy(references, r => r.resource)
  const issues: Issue[] = []
  const found = new Map<Resource, Set<Id>>()
  const hidden = new Map<Resource, Set<Id>>()
  for (const [resource, named] of byResource) {
    const rows = yield* unit.many(resource, [...new Set(named.map(r => r.id))])
    const seen = yield* visibleRows(unit, resource, rows)
    found.set(resource, new Set(seen.map(row => row.id)))
    hidden.set(resource, new Set(rows.map(row => row.id)))
  }
  for (const { resource, id, pointer, kept } of references)
    if (!getOrThrow(found, resource).has(id) && (!kept || getOrThrow(hidden, resource).has(id)))
      issues.push({ code: 'reference', pointer, detail: `there is no ${resource.name} ${id}` })
  if (issues.length) throw new ApiError('validation', { issues })
}

interface Collecting {
  readonly into: Reference[]
  readonly made: RowName[] | null
  readonly stored: Row | null
}

/** Goes through a body in the order in which its rows are created. */
function collect(setting: Setting, { into, made, stored }: Collecting): void {
  if (setting.kind !== 'one' && setting.kind !== 'list') return
  const { target: resource } = setting.field
  const targets = setting.kind === 'list' ? setting.targets : setting.target ? [setting.target] : none
  for (const target of targets) {
    if ('body' in target) {
      const { id, settings } = target.body
      if (id !== null) made?.push({ resource, id })
      for (const inner of settings) collect(inner, { into, made, stored: null })
    } else if (!made?.some(row => row.resource === resource && row.id === target.id))
      into.push({ resource, id: target.id, pointer: target.pointer, kept: isKept(setting, target.id, stored) })
  }
}

const isKept = ({ field }: Setting, id: Id, stored: Row | null): boolean =>
  stored !== null && field.is === 'one' && stored[field.slot] === id

const none: readonly RelatedTarget[] = []

/**
 * In strict mode, refuses a body that says two things at once: a nested row that claims to belong elsewhere, or one row given
 * to two places that can hold it only once.
 */
export function refuseVague(prepared: Prepared): void {
  const issues: Issue[] = []
  claims(prepared, new Map(), issues)
  if (issues.length) throw new ApiError('vague', { issues })
}

function claims(prepared: Prepared, claimed: Map<string, string>, issues: Issue[]): void {
  for (const setting of prepared.settings) {
    if (setting.kind !== 'one' && setting.kind !== 'list') continue
    const targets = setting.kind === 'list' ? setting.targets : setting.target ? [setting.target] : []
    const exclusive = setting.field.is === 'back' || (setting.field.is === 'one' && setting.field.single)
    const inverse =
      setting.field.is === 'back' ? setting.field.via : setting.field.is === 'one' ? setting.field.inverse : null
    for (const target of targets) {
      if ('body' in target) {
        const contrary = inverse && target.body.settings.find(s => s.field === inverse)
        if (contrary) issues.push(vague(contrary.pointer), vague(target.pointer))
        claims(target.body, claimed, issues)
      } else if (exclusive) {
        const key = `${setting.field.owner.name}.${setting.field.name} ${typeof target.id}${target.id}`
        const earlier = claimed.get(key)
        if (earlier !== undefined) issues.push(vague(earlier), vague(target.pointer))
        claimed.set(key, target.pointer)
      }
    }
  }
}

function vague(pointer: string): Issue {
  return { code: 'vague', pointer, detail: 'contradicts another part of the request; say it once' }
}
