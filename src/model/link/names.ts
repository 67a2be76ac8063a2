import { pollutingNames } from '../../protocol/json.ts'
import type { FieldDef } from '../../schema/field.ts'
import type { ResourceDef } from '../declare/declaration.ts'
import { camelCase, capital, singular } from './uri-names.ts'

/** The paths that the framework uses itself, by the words with which the option `paths` can move them (protocol §1.3). */
export const reservedPaths: Readonly<Record<string, string>> = Object.freeze({
  docs: '/docs',
  studio: '/studio',
  openapi: '/openapi.json',
  asyncapi: '/asyncapi.json',
  client: '/client.js',
  changes: '/changes',
  batch: '/batch',
  auth: '/auth',
  jobs: '/jobs',
  health: '/health',
  metrics: '/metrics',
  schemas: '/schemas',
  problems: '/problems',
  wellKnown: '/.well-known',
  socketio: '/socket.io',
})

/** Tables of resources that Restuary adds to a model: sessions, jobs, files, hooks. */
export const isInternalTable = (name: string): boolean => /^_(?:session|job|file|hook)$/.test(name)

/** New paths for reserved words. null = not served. */
export type Paths = Readonly<Record<string, string | null>>

/** `invoiceLines` → `InvoiceLine`. */
export function titleOf(name: string, def: ResourceDef): string {
  return def.title ?? capital(singular(camelCase(name, name)))
}

/** The paths of a resource, with a leading slash and without a trailing one. */
export function pathsOf(name: string, def: ResourceDef): readonly string[] {
  if (def.path === null) return []
  const paths = def.path === undefined ? [name] : typeof def.path === 'string' ? [def.path] : def.path
  return paths.map(path => '/' + path.replace(/^\/+|\/+$/g, ''))
}

/** The name of a resource's table: its own name, unless the declaration gives another. */
export function tableName(name: string, def: ResourceDef): string {
  return def.table ?? name
}

/** The column of a scalar or a to-one. */
export function columnName(name: string, def: FieldDef): string {
  return def.column ?? name
}

/** The name of the id field. null = there is none. */
export function declaredIdName(def: ResourceDef): string | null {
  for (const [name, field] of Object.entries(def.fields)) if (isIdField(field)) return name
  return null
}

/** Whether a field is the id of its resource. */
export function isIdField(field: FieldDef): boolean {
  return field.is === 'scalar' && field.type.key !== null
}

/** Why a field or resource may not have this name. null = it may. Words of queries such as `sort` and `limit` are allowed. */
export function nameFault(name: string): string | null {
  if (name === '') return 'has no name'
  if (pollutingNames.has(name)) return 'has a name that belongs to JavaScript objects'
  if (/^[$-]/.test(name)) return `has a name that begins with "${name[0]}", which means something in filters and sorts`
  // A space inside is harmless (`Cookie+Type=x`), and columns of existing tables have them.
  const odd = /^ | $|[.[\]/,\p{Cc}\p{Cs}]|(?! )\s/u.exec(name)
  return odd ? `has a name with ${JSON.stringify(odd[0])}, which cuts names into parts in queries and URIs` : null
}

/** Why nothing can be served at this path. null = it can. */
export function pathFault(path: string): string | null {
  if (path === '/') return 'has the path "/", where the catalogue is'
  for (const segment of path.slice(1).split('/')) {
    if (segment === '' || segment === '.' || segment === '..' || !/^[\p{L}\p{N}\p{M}._~-]+$/u.test(segment))
      return `has the path "${path}", of which ${JSON.stringify(segment)} is not a plain URI segment`
  }
  return null
}
