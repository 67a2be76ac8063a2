import { readActionName } from '../link/action-name.ts'
import type { ActionDef, ResourceDef, Verb } from '../declare/declaration.ts'
import type { Note } from '../link/faults.ts'
import type { Defs } from '../link/joins.ts'
import { declaredIdName, nameFault, pathsOf } from '../link/names.ts'

/** Methods that a resource with rows answers itself, on the list and on a row. */
const taken: Readonly<Record<'list' | 'row', ReadonlySet<string>>> = {
  list: new Set(['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE']),
  row: new Set(['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE']),
}

/** Where an action is served: its method, and the last segment of its URI. */
function placeOf(key: string, def: ActionDef): { readonly method: Verb; readonly path: string } {
  const name = def.name ?? key
  const rule = readActionName(name)
  if (def.job && name === 'create') return { method: 'POST', path: '' }
  return { method: def.method ?? rule?.method ?? 'POST', path: rule?.path ?? name }
}

/**
 * Checks the names and URIs of actions. Two actions with the same URI are a fault.
 *
 * An action is matched before an id (protocol §9.1). If ids are texts, a row whose id equals the last segment of an action's
 * URI cannot be reached by its own URI. That is only a warning, because such an id may never occur.
 */
export function checkActions(defs: Defs, note: Note, warn: (line: string) => void): void {
  const paths = new Set([...defs].flatMap(([name, def]) => pathsOf(name, def)))
  for (const [name, def] of defs) {
    if (def.actions) checkOwn(name, def, { paths, note, warn })
  }
}

/** What the actions of one resource are checked against, and where faults and warnings go. */
interface Checking {
  /** The paths of all resources. */
  readonly paths: ReadonlySet<string>
  readonly note: Note
  readonly warn: (line: string) => void
}

function checkOwn(name: string, def: ResourceDef, checking: Checking): void {
  const { paths, note, warn } = checking
  const place = def.standalone ?? name
  const names = new Set<string>()
  const uris = new Map<string, string>()
  const textIds = hasTextIds(def)
  for (const [key, action] of Object.entries(def.actions ?? {})) {
    const at = `${place}.${key}`
    const own = action.name ?? key
    const { method, path } = placeOf(key, action)
    const on = action.on ?? 'list'
    const problem = nameFault(own)
    if (problem !== null) note(at, problem, 'use letters, digits, "_" and "-"')
    if (names.has(own)) note(at, `has the name "${own}" twice`, 'give one of them another name')
    names.add(own)
    if (typeof action.run !== 'function') note(at, 'has no function to run', 'give it run: ({ input, ctx }) => …')
    if (def.standalone !== undefined && readActionName(own) === null)
      note(at, 'does not begin with an HTTP method', `call it get_${own} or post_${own}`)
    if (def.standalone !== undefined && on === 'row') note(at, 'is asked of a row, but there are none', 'leave on out')
    if (def.standalone === undefined && path === '' && taken[on].has(method) && !takesPlace(own, action))
      note(at, `is ${method} of the resource itself`, `give it a path of its own: ${key}_…`)
    if (path !== '' && !/^[\p{L}\p{N}\p{M}._~-]+$/u.test(path))
      note(at, `has the path "${path}", which is not a plain URI segment`, 'use letters, digits, "_", "-" and "."')
    const uri = `${method} ${on}/${path}`
    const other = uris.get(uri)
    if (other !== undefined) warnOrNote(place, uri, [other, key], checking)
    uris.set(uri, key)
    if (on === 'list' && pathsOf(name, def).some(base => paths.has(`${base}/${path}`)))
      note(at, `has the URI of another resource, ${path}`, 'give one of them another path')
    if (on === 'list' && path !== '' && textIds)
      warn(`${at}: the row with the id "${path}" cannot be reached by its URI, because the action stands there`)
    const field = on === 'row' ? def.fields[path] : undefined
    if (field && (field.is === 'back' || field.is === 'many'))
      note(at, `has the URI of the nested collection ${name}.${path}`, 'give the action another name')
    if (field?.is === 'scalar' && field.file)
      note(at, `has the URI of the file ${name}.${path}`, 'give the action another name')
  }
}

/**
 * Two actions have the same URI. `get` and `get_` differ only in their names, so that is a warning: the later one in the
 * alphabet wins. Otherwise it is a fault.
 */
function warnOrNote(
  place: string,
  uri: string,
  [other, key]: readonly [other: string, key: string],
  { note, warn }: Checking,
): void {
  if (other.replace(/_$/, '') === key.replace(/_$/, '')) {
    const [first, last] = [other, key].toSorted()
    warn(`${place}.${first}: is never called, for ${place}.${last} is at the same URI`)
  } else
    note(
      `${place}.${key}`,
      `has the URI ${uri.replace(' list', ' ').replace(' row', ' (row) ')} like ${other}`,
      'give one of them another path',
    )
}

/** Whether an action is called instead of the resource's own POST. A job named `create` is. */
function takesPlace(name: string, { on = 'list', job }: ActionDef): boolean {
  return job !== undefined && on === 'list' && name === 'create'
}

function hasTextIds(def: ResourceDef): boolean {
  const id = def.standalone === undefined ? declaredIdName(def) : null
  const field = id === null ? undefined : def.fields[id]
  return field?.is === 'scalar' && field.type.key === 'text'
}
