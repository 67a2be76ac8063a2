import type { View } from '../../../engine/read/view.ts'
import type { Routes } from '../endpoint.ts'
import { entityOf, furtherLists, type Entity } from './document.ts'
import type { HypermediaDocument } from '../format.ts'

/** Writes `application/hal+json` (draft-kelly-json-hal-11). Relations are links; expanded ones are embedded. */
export function writeHal({ routes, view, value, self, list }: HypermediaDocument): string {
  if (list === null) return JSON.stringify(halOf(routes, entityOf(routes, view, value)))
  const links: Links = {}
  if (self !== null) links['self'] = { href: self }
  for (const rel of ['first', 'prev', 'next'] as const) if (list[rel] !== null) links[rel] = { href: list[rel] }
  const rows = rowsOf(routes, view, value)
  return JSON.stringify({
    _links: links,
    count: rows.length,
    ...(list.total === null ? {} : { total: list.total }),
    _embedded: { [view.resource.name]: rows.map(row => halOf(routes, row)) },
  })
}

interface Link {
  readonly href: string
}
type Links = Record<string, Link>

function rowsOf(routes: Routes, view: View, value: unknown): Entity[] {
  return (value as readonly unknown[]).map(row => entityOf(routes, view, row))
}

function halOf(routes: Routes, entity: Entity): Readonly<Record<string, unknown>> {
  const links: Links = {}
  const embedded: Record<string, unknown> = {}
  if (entity.self !== null) links['self'] = { href: entity.self }
  for (const { field, href, shown } of [...entity.relations, ...furtherLists(routes, entity)]) {
    if (href !== null) links[field.name] = { href }
    if (shown.kind !== 'rows') continue
    const rows = shown.rows.map(row => halOf(routes, row))
    embedded[field.name] = field.toMany ? rows : (rows[0] ?? null)
  }
  return {
    _links: links,
    ...entity.properties,
    ...(Object.keys(embedded).length > 0 ? { _embedded: embedded } : {}),
  }
}
