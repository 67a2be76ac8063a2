import type { Field, Resource } from '../../../model/model.ts'
import type { Routes } from '../endpoint.ts'
import { entityOf, furtherLists, type Entity } from './document.ts'
import type { HypermediaDocument } from '../format.ts'

/** Writes `application/vnd.siren+json`: entities with links, and forms for what can be done with them. */
export function writeSiren({ routes, view, value, self, list }: HypermediaDocument): string {
  const { resource } = view
  if (list === null) return JSON.stringify(entity(routes, entityOf(routes, view, value)))
  const rows = (value as readonly unknown[]).map(row => entityOf(routes, view, row))
  const links = (['first', 'prev', 'next'] as const).flatMap(rel =>
    list[rel] === null ? [] : [{ rel: [rel], href: list[rel] }],
  )
  const collection = routes.collection(resource)
  return JSON.stringify({
    class: [resource.name, 'collection'],
    properties: { count: rows.length, ...(list.total === null ? {} : { total: list.total }) },
    entities: rows.map(row => ({ rel: ['item'], ...entity(routes, row) })),
    links: [...(self === null ? [] : [{ rel: ['self'], href: self }]), ...links],
    ...(resource.options.readOnly || collection === null
      ? {}
      : { actions: [form('create', 'POST', collection, resource)] }),
  })
}

function entity(routes: Routes, row: Entity): Readonly<Record<string, unknown>> {
  const { resource, self, properties, relations } = row
  const embedded: unknown[] = []
  const links: unknown[] = self === null ? [] : [{ rel: ['self'], href: self }]
  for (const { field, href, shown } of [...relations, ...furtherLists(routes, row)]) {
    if (shown.kind !== 'rows') {
      if (href !== null) links.push({ rel: [field.name], href })
      continue
    }
    for (const one of shown.rows) embedded.push({ rel: [field.name], ...entity(routes, one) })
  }
  return {
    class: [resource.name],
    properties,
    ...(embedded.length > 0 ? { entities: embedded } : {}),
    links,
    ...(resource.options.readOnly || self === null
      ? {}
      : { actions: [form('patch', 'PATCH', self, resource), { name: 'delete', method: 'DELETE', href: self }] }),
  }
}

function form(name: string, method: string, href: string, resource: Resource): unknown {
  const fields = resource.fields
    .filter(field => isInput(field))
    .map(field => ({ name: field.name, type: field.type?.input ?? 'text' }))
  return { name, method, href, type: 'application/json', fields }
}

function isInput(field: Field): boolean {
  if (field.readonly || field === field.owner.id) return false
  // The bytes of a file have their own URI.
  if (field.is === 'scalar' && field.def.file) return false
  if (field.is === 'scalar') return !field.hidden || field.type.secret
  return field.is === 'one' && !field.hidden
}
