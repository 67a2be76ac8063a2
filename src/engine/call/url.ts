import type { Action, Field, Id, Model, Resource } from '../../model/model.ts'
import { Refused } from '../../schema/read/refused.ts'

/** What a URL of an API refers to. */
export interface UrlMatch {
  /** `todo`, `todo@close` or `hello@login`. `url(target)` makes the same URL from it. */
  readonly target: string
  readonly resource: string
  /** The actions at this URL, by method; empty if the URL is that of the resource itself. */
  readonly actions: Readonly<Record<string, string>>
  readonly id: Id | null
  /** For a nested list (`user.todos`): the parent's resource, id and field. */
  readonly parent: { readonly resource: string; readonly id: Id; readonly field: string } | null
  readonly query: Readonly<Record<string, string>>
}

type Params = Readonly<Record<string, unknown>>

/** Finds a resource by name, whether it has rows or consists of actions only. */
function resourceOf(model: Model, name: string): Resource | undefined {
  return model.resources.get(name) ?? model.standalone.get(name) ?? model.standalone.get(name.toLowerCase())
}

/**
 * The path of a target: `todo` is the list, or with `{ id }` the row; `user.todos` with `{ id }` is the nested list;
 * `hello@login` or `hello@post_login` is an action, with `{ id }` if it is called on a row. All other params become the query.
 * Throws TypeError if the target has no URL.
 */
export function urlOf(model: Model, prefix: string, target: string, params: Params = {}): string {
  const [before, word] = split(target, '@')
  const [name, nested] = split(before, '.')
  const resource = resourceOf(model, name)
  const base = resource?.paths[0]
  if (!resource || base === undefined) throw new TypeError(`there is no URL of ${target}`)
  const { id, ...rest } = params
  const row = id === undefined || id === null ? '' : `/${encodeURIComponent(textOf(id))}`
  if (nested !== null) {
    const field = resource.field.get(nested)
    if (!field || !isNested(field) || row === '') throw new TypeError(`there is no URL of ${target} without { id }`)
    return `${prefix}${base}${row}/${encodeURIComponent(nested)}${queryOf(rest)}`
  }
  if (word === null) return `${prefix}${base}${row}${queryOf(rest)}`
  const action = actionAt(resource, word)
  if (!action) throw new TypeError(`${name} has no action ${word}`)
  if (action.on === 'row' && row === '') throw new TypeError(`the URL of ${target} needs { id }`)
  const own = action.on === 'row' ? row : ''
  const query = action.on === 'row' ? rest : params
  return `${prefix}${base}${own}${action.path === '' ? '' : `/${encodeURIComponent(action.path)}`}${queryOf(query)}`
}

/** The inverse of `urlOf`: what a path or URL refers to; null if nothing is there. */
export function matchUrl(model: Model, prefix: string, url: string): UrlMatch | null {
  const { pathname, searchParams } = new URL(url, 'http://localhost')
  if (!pathname.startsWith(prefix)) return null
  const query = Object.fromEntries(searchParams)
  const segments = segmentsOf(pathname.slice(prefix.length))
  if (segments === null) return null
  let found: UrlMatch | null = null
  let length = -1
  for (const resource of [...model.resources.values(), ...model.standalone.values()]) {
    for (const path of resource.paths) {
      const own = path.split('/').filter(Boolean)
      // The longest matching path wins: /todo/archive before /todo with an id.
      if (own.length <= length || !own.every((segment, i) => segments[i] === segment)) continue
      const match = matchBelow(model, resource, segments.slice(own.length), query)
      if (match) [found, length] = [match, own.length]
    }
  }
  return found
}

function matchBelow(
  model: Model,
  resource: Resource,
  rest: readonly string[],
  query: UrlMatch['query'],
): UrlMatch | null {
  const { name } = resource
  const plain = { resource: name, actions: {}, id: null, parent: null, query }
  const [first, second, ...more] = rest
  if (more.length > 0) return null
  const rows = model.resources.has(name)
  if (second === undefined) {
    const actions = actionsAt(resource, 'list', first ?? '')
    if (actions) return { ...plain, target: first === undefined ? name : `${name}@${first}`, actions }
    if (!rows) return null
    if (first === undefined) return { ...plain, target: name }
  }
  const id = rows ? idOf(resource, first!) : null
  if (id === null) return null
  if (second === undefined) return { ...plain, target: name, id }
  const actions = actionsAt(resource, 'row', second)
  if (actions) return { ...plain, target: `${name}@${second}`, actions, id }
  const field = resource.field.get(second)
  if (!field || !isNested(field)) return null
  const parent = { resource: name, id, field: second }
  return { ...plain, target: `${name}.${second}`, resource: field.target.name, id, parent }
}

function actionsAt(resource: Resource, on: Action['on'], path: string): Readonly<Record<string, string>> | null {
  const found = [...resource.actions.values()].filter(action => action.on === on && action.path === path)
  return found.length === 0 ? null : Object.fromEntries(found.map(action => [action.method, action.name]))
}

/** Finds an action by the end of its URI or by its full name. */
function actionAt(resource: Resource, word: string): Action | undefined {
  return resource.actions.get(word) ?? [...resource.actions.values()].find(action => action.path === word)
}

function isNested(field: Field): field is Field & { readonly is: 'back' | 'many' } {
  return (field.is === 'back' || field.is === 'many') && field.toMany && !field.hidden
}

function idOf(resource: Resource, text: string): Id | null {
  const id = resource.idType.readText(text)
  return id instanceof Refused ? null : (id as Id)
}

function segmentsOf(path: string): string[] | null {
  try {
    return path.split('/').filter(Boolean).map(decodeURIComponent)
  } catch {
    return null
  }
}

function queryOf(params: Params): string {
  const given = Object.entries(params).filter(([, value]) => value !== undefined)
  if (given.length === 0) return ''
  return `?${new URLSearchParams(given.map(([name, value]) => [name, textOf(value)])).toString()}`
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

function split(text: string, mark: string): readonly [string, string | null] {
  const at = text.indexOf(mark)
  return at < 0 ? [text, null] : [text.slice(0, at), text.slice(at + 1)]
}
