import type { Resource } from '../../../model/model.ts'
import { ApiError, type Issue } from '../../../protocol/error.ts'
import type { Exchange } from '../exchange.ts'
import type { Parameter } from '../request/parameters.ts'
import { JSON_API } from './json-api.ts'

/** Parameters in the words of the core, and how the client spelled those that it spelled in another way. */
export interface Translated {
  readonly parameters: readonly Parameter[]
  readonly spelled: ReadonlyMap<string, string>
}

/** Whether a request is one of a JSON:API client. */
export function speaksJsonApi({ accept, contentType }: Exchange): boolean {
  return accept?.toLowerCase().includes(JSON_API) === true || contentType?.startsWith(JSON_API) === true
}

/**
 * Translates the query parameters of JSON:API 1.1: `page[size]`, `page[number]` (from 1), `page[offset]`, `page[limit]` and
 * `page[cursor]`; `fields[type]`, also for types that come along by `include`; `filter[name]` and `filter[name][operator]`.
 * Other parameters stay as they are. Throws ApiError `validation` for a page that is no number. `page` is the size of a page
 * if none is asked for.
 */
export function readJsonApiQuery(resource: Resource, given: readonly Parameter[], page: number): Translated {
  const parameters: Parameter[] = []
  const spelled = new Map<string, string>()
  const put = (name: string, value: string, said: string): void => {
    parameters.push([name, value])
    if (name !== said) spelled.set(name, said)
  }
  const sparse = new Map<string, readonly string[]>()
  let number: number | null = null
  let size = page
  for (const [name, value] of given) {
    const [, word, of, rest = ''] = /^(page|fields|filter)\[([^\]]+)\](.*)$/.exec(name) ?? []
    if (word === 'page' && (of === 'size' || of === 'limit'))
      put('limit', String((size = integer(name, value, 1))), name)
    else if (word === 'page' && of === 'number') number = integer(name, value, 1)
    else if (word === 'page' && (of === 'offset' || of === 'cursor')) put(of, value, name)
    else if (word === 'fields' && rest === '') sparse.set(of!, value === '' ? [] : value.split(','))
    else if (word === 'filter') put(`${of!}${rest}`, value, name)
    else put(name, value, name)
  }
  if (number !== null) put('offset', String((number - 1) * size), 'page[number]')
  if (sparse.size > 0) {
    const include = given.find(([name]) => name === 'include')?.[1] ?? ''
    put('fields', fieldsOf(resource, sparse, include.split(',')).join(','), `fields[${[...sparse.keys()].join()}]`)
  }
  return { parameters, spelled }
}

/** Names the parameters of an error as the client spelled them. */
export function respelled(thrown: unknown, spelled: ReadonlyMap<string, string>): unknown {
  if (!(thrown instanceof ApiError) || thrown.issues.length === 0) return thrown
  const issues = thrown.issues.map((issue): Issue => {
    const said = issue.parameter === undefined ? undefined : spelled.get(issue.parameter)
    return said === undefined ? issue : { ...issue, parameter: said }
  })
  return new ApiError(thrown.code, { issues, cause: thrown })
}

/** The fields of all types as paths from the primary rows. A type that is not named shows all its fields. */
function fieldsOf(
  resource: Resource,
  sparse: ReadonlyMap<string, readonly string[]>,
  include: readonly string[],
): readonly string[] {
  const named = new Set<string>()
  const show = (at: Resource, before: string): void => {
    const expanded = new Set(
      include.filter(path => path.startsWith(before)).map(path => path.slice(before.length).split('.')[0]!),
    )
    for (const name of sparse.get(at.name) ?? shownBy(at)) if (!expanded.has(name)) named.add(before + name)
    for (const name of expanded) {
      const target = at.field.get(name)?.target as Resource | null | undefined
      if (target) show(target, `${before}${name}.`)
    }
  }
  show(resource, '')
  // A type without any field is still named by its id.
  if (named.size === 0) named.add(resource.id.name)
  return [...named]
}

function shownBy({ fields }: Resource): readonly string[] {
  return fields.filter(field => !field.hidden && !('type' in field && field.type?.secret)).map(field => field.name)
}

function integer(parameter: string, text: string, least: number): number {
  if (/^[0-9]{1,9}$/.test(text) && Number(text) >= least) return Number(text)
  throw new ApiError('validation', {
    issues: [{ code: 'type', parameter, detail: `must be a whole number from ${least}` }],
  })
}
