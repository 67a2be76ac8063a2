import { getOrThrow } from '../../../protocol/get-or-throw.ts'
import type { HypermediaDocument } from '../format.ts'
import type { Item, List } from '../../../engine/call/call.ts'
import { viewOf, type View } from '../../../engine/read/view.ts'
import {
  isRelation,
  type BackField,
  type Field,
  type Id,
  type ManyField,
  type OneField,
  type Resource,
} from '../../../model/model.ts'
import type { Face } from '../face.ts'
import type { HttpCall } from '../http-call.ts'
import { pageTargets } from '../response/links.ts'
import type { Routes } from '../endpoint.ts'

/** The outcome of a call, with everything that links need. */
export function hypermediaDocument(face: Face, call: HttpCall, outcome: Item | List): HypermediaDocument {
  const { routes } = face
  const view = viewOf(outcome.resource, call.shape)
  const value: unknown = JSON.parse(outcome.body)
  if (outcome.kind === 'item') {
    const isOne = outcome.ids.length === 1 && !Array.isArray(value)
    const self = isOne ? routes.item(outcome.resource, outcome.ids[0]!) : null
    return { routes, view, value, self, list: isOne ? null : { total: null, first: null, prev: null, next: null } }
  }
  const path = call.parent === null ? routes.collection(outcome.resource) : routes.nested(call.parent)
  const { self, first, prev, next } =
    path === null ? { self: null, first: null, prev: null, next: null } : pageTargets(path, call.parameters, outcome)
  return { routes, view, value, self, list: { total: outcome.total, first, prev, next } }
}

/** Adds the ids to the fields that a call shows, because hypermedia formats name every row. */
export function showIds(call: HttpCall): void {
  const { fields } = call.shape
  if (fields === null) return
  const named = new Set([call.resource.id.name])
  for (const path of fields) {
    named.add(path)
    let at: Resource = call.resource
    let before = ''
    for (const name of path.split('.')) {
      const target = at.field.get(name)?.target as Resource | null | undefined
      if (!target || !path.startsWith(`${before}${name}.`)) break
      before += `${name}.`
      named.add(`${before}${target.id.name}`)
      at = target
    }
  }
  call.shape = { ...call.shape, fields: [...named] }
}

/** A row of a representation, with its relations separated from its other fields. */
export interface Entity {
  readonly resource: Resource
  readonly id: Id | null
  readonly self: string | null
  /** Its own fields, including the id. */
  readonly properties: Readonly<Record<string, unknown>>
  readonly relations: readonly DocumentRelation[]
}

export interface DocumentRelation {
  readonly field: OneField | BackField | ManyField
  /** The URI of the related row or list. */
  readonly href: string | null
  /** How the relation was shown. */
  readonly shown:
    | { readonly kind: 'nothing' }
    | { readonly kind: 'ids'; readonly ids: readonly Id[] }
    | { readonly kind: 'rows'; readonly rows: readonly Entity[] }
}

/** The row that a value represents. At depth 0 the value is just the id. */
export function entityOf(routes: Routes, view: View, value: unknown): Entity {
  const { resource } = view
  if (typeof value !== 'object' || value === null) {
    const id = value as Id
    return { resource, id, self: routes.item(resource, id), properties: { [resource.id.name]: id }, relations: [] }
  }
  const members = value as Readonly<Record<string, unknown>>
  const id = (members[resource.id.name] ?? null) as Id | null
  const properties: Record<string, unknown> = {}
  const shown = new Map<string, DocumentRelation>()
  for (const [i, name] of view.names.entries()) {
    const field = getOrThrow(resource.field, name)
    // A field that the caller may not read is absent.
    if (!Object.hasOwn(members, name)) continue
    if (!isRelation(field)) {
      properties[name] = members[name]
      continue
    }
    const part = view.parts[i]!
    const load = part.kind === 'row' || part.kind === 'rows' ? view.loads[part.load] : undefined
    const nested = load?.kind === 'row' || load?.kind === 'rows' ? load.view : null
    shown.set(name, relationOf(routes, resource, id, field, members[name], nested))
  }
  return {
    resource,
    id,
    self: id === null ? null : routes.item(resource, id),
    properties,
    relations: [...shown.values()],
  }
}

/** To-many relations that the representation leaves out. They are only linked. */
export function furtherLists(routes: Routes, { resource, id, relations }: Entity): readonly DocumentRelation[] {
  if (id === null) return []
  const known = new Set<Field>(relations.map(({ field }) => field))
  return resource.relations
    .filter(
      field => !known.has(field) && field.toMany && !field.hidden && resource.rules?.fields?.[field.name] === undefined,
    )
    .map(field => ({ field, href: routes.nested({ resource, id, field }), shown: { kind: 'nothing' } }))
}

function relationOf(
  routes: Routes,
  resource: Resource,
  id: Id | null,
  field: OneField | BackField | ManyField,
  value: unknown,
  nested: View | null,
): DocumentRelation {
  const values = (Array.isArray(value) ? value : value === null ? [] : [value]) as readonly unknown[]
  const rows = nested === null ? null : values.filter(one => typeof one === 'object')
  // A related row that the caller may not see is shown as an id.
  const isIds = rows === null || rows.length < values.length
  const ids = isIds ? (values.filter(one => typeof one !== 'object') as Id[]) : []
  const target = field.target
  const href = field.toMany
    ? id === null
      ? null
      : routes.nested({ resource, id, field })
    : isIds && ids[0] !== undefined
      ? routes.item(target, ids[0])
      : null
  if (isIds) return { field, href, shown: { kind: 'ids', ids } }
  const entities = rows.map(row => entityOf(routes, nested!, row))
  return { field, href: field.toMany ? href : (entities[0]?.self ?? null), shown: { kind: 'rows', rows: entities } }
}
