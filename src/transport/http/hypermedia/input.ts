import { isRelation, type Resource } from '../../../model/model.ts'
import { ApiError, pointer } from '../../../protocol/error.ts'
import type { Face } from '../face.ts'
import type { HttpCall } from '../http-call.ts'
import { readId } from '../routes.ts'
import type { Routes, RouteMatch } from '../endpoint.ts'
import { JSON_API } from './json-api.ts'

type Members = Readonly<Record<string, unknown>>

/**
 * Converts the body of a write into the form that the engine reads. JSON:API and HAL documents become plain objects, and
 * relations may be given as URLs (`{"product": "/product/7"}`). Foreign URLs are left as they are; the engine then refuses
 * them, because they are not ids.
 */
export function readHypermedia(face: Face, call: HttpCall): void {
  const { input, jsonPatch } = call
  if (typeof input !== 'object' || input === null || jsonPatch) return
  const type = call.exchange.contentType ?? ''
  const reading: Reading = { routes: face.routes, host: call.exchange.host }
  // Only a body with `data` is a JSON:API document. A plain object of that media type is read like any other +json.
  if (type.startsWith(JSON_API) && isDocument(input)) call.input = fromJsonApi(call, input as Members)
  else call.input = plain(reading, call.resource, input, type.startsWith('application/hal+json'))
}

const isDocument = (input: object): boolean => Object.hasOwn(input, 'data') || Object.keys(input).length === 0

interface Reading {
  readonly routes: Routes
  readonly host: string | undefined
}

/** Replaces URLs in a body by ids. Returns the same object if there were none. */
function plain(reading: Reading, resource: Resource, body: unknown, hal: boolean): unknown {
  if (Array.isArray(body)) {
    const rows = body.map(one => plain(reading, resource, one, hal))
    return rows.some((row, i) => row !== body[i]) ? rows : body
  }
  if (typeof body !== 'object' || body === null) return body
  let members = body as Members
  if (hal) members = withoutHal(members, resource)
  for (const field of resource.relations) {
    if (!Object.hasOwn(members, field.name)) continue
    const given = members[field.name]
    const read = Array.isArray(given)
      ? unchanged(
          given,
          given.map(one => related(reading, field.target, one, hal)),
        )
      : related(reading, field.target, given, hal)
    if (read !== given) members = { ...members, [field.name]: read }
  }
  return members
}

const unchanged = (before: readonly unknown[], after: readonly unknown[]): readonly unknown[] =>
  after.some((one, i) => one !== before[i]) ? after : before

function related(reading: Reading, target: Resource, value: unknown, hal: boolean): unknown {
  if (typeof value === 'string') return idAt(reading, target, value) ?? value
  return plain(reading, target, value, hal)
}

/** The id in a path or URL of this API; undefined for any other text. */
function idAt({ routes, host }: Reading, target: Resource, text: string): unknown {
  let path = text
  const scheme = /^https?:\/\/([^/]*)/i.exec(text)
  if (scheme) {
    if (host === undefined || scheme[1]!.toLowerCase() !== host.toLowerCase()) return undefined
    path = text.slice(scheme[0].length)
  }
  if (!path.startsWith('/') || path.includes('?')) return undefined
  const into: RouteMatch = { id: null, parent: null }
  try {
    const endpoint = routes.match(path, into)
    return endpoint?.kind === 'item' && endpoint.resource === target ? (into.id ?? undefined) : undefined
  } catch {
    return undefined // the path has a malformed escape
  }
}

/** Removes what HAL adds to a row. Links to related rows become the values of to-one relations. */
function withoutHal(body: Members, resource: Resource): Members {
  const { _links: links = null, _embedded: _, ...members } = body
  if (links !== null && !isObject(links)) throw malformed('/_links', 'must be an object of links')
  const found: Record<string, unknown> = members
  if (links)
    for (const field of resource.relations) {
      if (field.is !== 'one' || field.readonly || Object.hasOwn(found, field.name)) continue
      const link = links[field.name] ?? null
      if (link === null) continue
      if (!isObject(link) || typeof link['href'] !== 'string')
        throw malformed(pointer('/_links', field.name), 'must be a link: { "href": "…" }')
      found[field.name] = link['href']
    }
  return found
}

function fromJsonApi(call: HttpCall, document: Members): unknown {
  const { resource } = call
  const { data } = document
  if (!isObject(data)) throw malformed('/data', 'must be a resource object')
  if (data['type'] !== resource.name)
    throw new ApiError('conflict', {
      issues: [{ code: 'enum', pointer: '#/data/type', detail: `must be ${resource.name} here` }],
    })
  const { attributes = {}, relationships = {}, id } = data
  if (!isObject(attributes)) throw malformed('/data/attributes', 'must be an object')
  if (!isObject(relationships)) throw malformed('/data/relationships', 'must be an object')
  const body: Record<string, unknown> = { ...attributes }
  for (const [name, relationship] of Object.entries(relationships)) {
    const at = pointer('/data/relationships', name)
    if (!isObject(relationship)) throw malformed(at, 'must be an object')
    const field = resource.field.get(name)
    if (relationship['data'] === undefined) continue
    if (!field || !isRelation(field)) throw malformed(at, `${resource.name} has no relation of this name`)
    const linkage = relationship['data']
    body[name] = Array.isArray(linkage)
      ? linkage.map((one, i) => idOf(field.target, one, `${at}/data/${i}`))
      : linkage === null
        ? null
        : idOf(field.target, linkage, `${at}/data`)
  }
  if (id === undefined) return body
  const own = typeof id === 'string' ? readId(resource.idType, id) : null
  if (own === null) throw malformed('/data/id', `must be an id of ${resource.name}, as text`)
  if (call.id !== null && own !== call.id)
    throw new ApiError('conflict', {
      issues: [{ code: 'reference', pointer: '#/data/id', detail: 'differs from the URI' }],
    })
  return call.id === null ? { ...body, [resource.id.name]: own } : body
}

function idOf(target: Resource, identifier: unknown, at: string): unknown {
  if (!isObject(identifier) || identifier['type'] !== target.name || typeof identifier['id'] !== 'string')
    throw malformed(at, `must be { "type": "${target.name}", "id": "…" }`)
  const id = readId(target.idType, identifier['id'])
  if (id === null)
    throw new ApiError('validation', {
      issues: [{ code: 'reference', pointer: `#${at}/id`, detail: `is not an id of ${target.name}` }],
    })
  return id
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function malformed(at: string, detail: string): ApiError {
  return new ApiError('validation', { issues: [{ code: 'type', pointer: `#${at}`, detail }] })
}
