import type { Principal } from '../../auth/principal.ts'
import { titleIn } from '../../describe/title.ts'
import type { Action, Model, Resource } from '../../model/model.ts'

/** Metadata as clients of restaction read it. */
export type MetaData = Readonly<Record<string, unknown>>

/** Errors that every API may answer with. */
const errors: MetaData = {
  '400.InvalidData': 'request data invalid',
  '403.PermissionDeny': 'permission deny',
  '500.ServerError': 'internal server error',
}

/** How tokens are sent unless the meta file says otherwise. */
const auth: MetaData = {
  algorithm: 'HS256',
  cookie: null,
  expiration: 3600,
  header: 'Authorization',
  refresh: true,
}

/**
 * Makes the metadata of an API. `file` returns the members of a meta file (`$roles`, `$auth` …). Resources with rows have `get`
 * and `post` of their list, and their actions.
 */
export function metaData(model: Model, file: () => MetaData, prefix: string): MetaData {
  const { $desc = '', $shared = {}, $error, ...further } = model.docs.members
  const given = file()
  const data: Record<string, unknown> = {
    ...given,
    ...further,
    $desc,
    $title: titleIn(String($desc), 'Document'),
    $shared,
    $error: { ...errors, ...($error as MetaData | undefined) },
    $auth: { ...auth, ...(given['$auth'] as MetaData | undefined) },
    $url_prefix: prefix,
  }
  for (const resource of model.resources.values()) {
    const name = segmentOf(resource)
    if (name !== null)
      data[name] = { ...resource.docs.members, ...rowActions(resource), ...actionsOf(resource, 'by URI') }
  }
  for (const [name, resource] of model.standalone)
    data[name] = { ...resource.docs.members, ...actionsOf(resource, 'by name') }
  return data
}

/** The meta file that was given to `tokenAuth`, if that recognises the callers. */
export function metaOf(auth: object | undefined): object | null {
  return auth !== undefined && 'meta' in auth && typeof auth.meta === 'object' ? auth.meta : null
}

/** What `tokenAuth` says about who may see the documents; null = everybody may. */
export function docsGuardOf(auth: object | undefined): ((principal: Principal | null) => void) | null {
  return auth !== undefined && 'authorizeDocs' in auth && typeof auth.authorizeDocs === 'function'
    ? (auth.authorizeDocs as (principal: Principal | null) => void)
    : null
}

/** The members of meta files. They are read again each time, because roles may change while the API runs. */
export function metaFile(...files: readonly (object | null | undefined)[]): () => MetaData {
  return () => Object.assign({}, ...files) as MetaData
}

/**
 * The first segment of a resource's path. null = it is no plain word. Clients make URIs and source text of it, so only a plain
 * word is safe.
 */
function segmentOf(resource: Resource): string | null {
  const word = resource.paths[0]?.slice(1)
  return word !== undefined && /^[A-Za-z_][A-Za-z0-9_]*$/.test(word) ? word : null
}

function rowActions(resource: Resource): MetaData {
  const list = `Lists rows of ${resource.name}.`
  const fixed = resource.options.readOnly
  return { get: { $desc: list }, ...(fixed ? {} : { post: { $desc: `Makes a row of ${resource.name}.` } }) }
}

/** Actions on the list, by the name from which clients make their URI. Actions on a row have no such name. */
function actionsOf(resource: Resource, named: 'by name' | 'by URI'): MetaData {
  const list = [...resource.actions.values()].filter(action => action.on === 'list')
  return Object.fromEntries(
    list.map(action => [named === 'by name' ? action.name : uriName(action), action.docs.members]),
  )
}

function uriName({ method, path }: Action): string {
  return path === '' ? method.toLowerCase() : `${method.toLowerCase()}_${path}`
}

/** Writes JSON with sorted keys and an indentation of four spaces, as Python's `json.dumps` does. */
export function sortedJson(value: unknown, margin = ''): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const inner = `${margin}    `
  // Members are joined by hand, because JavaScript objects move keys like `404` to the front.
  const parts = Array.isArray(value)
    ? value.map(one => sortedJson(one, inner))
    : Object.entries(value)
        .filter(([, one]) => one !== undefined)
        .toSorted(([a], [b]) => byCodePoint(a, b))
        .map(([key, one]) => `${JSON.stringify(key)}: ${sortedJson(one, inner)}`)
  const [open, close] = Array.isArray(value) ? '[]' : '{}'
  return parts.length === 0 ? `${open}${close}` : `${open}\n${inner}${parts.join(`,\n${inner}`)}\n${margin}${close}`
}

const byCodePoint = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))
