import type { HandledRoute } from '../../model/link/handled-routes.ts'
import { capital } from '../../model/link/uri-names.ts'
import { response, refusing, type Json } from './answers.ts'
import { place, type Drafting } from './drafting.ts'
import { pathParameter } from './parameters.ts'
import type { Requirement } from './security.ts'

/** Describes a pattern of handled URIs. Nothing is declared about bodies and answers. */
export function describeHandled(drafting: Drafting, route: HandledRoute): void {
  const { path, parameters } = templateOf(route.pattern.text)
  const schemes = Object.keys(drafting.options.schemes).map(name => ({ [name]: [] }))
  const security: readonly Requirement[] = schemes.length === 0 ? [] : route.public ? [{}, ...schemes] : schemes
  const put = (method: string, word: string, more: Json): void =>
    place(drafting, path, method, {
      operationId: drafting.operationId(`${word}${capital(route.name)}${parameters.length > 0 ? 'Item' : ''}`),
      tags: [route.name],
      summary: `${capital(word)} of \`${route.pattern.text}\``,
      ...(route.docs === null ? {} : { description: route.docs }),
      security,
      ...(parameters.length ? { parameters } : {}),
      ...more,
    })
  const refused = refusing(400, ...(schemes.length ? [401, 403] : []), 404)
  const body = { requestBody: { content: { 'application/json': { schema: {} } } } }
  const shown = response('The present state.', {}, 'Position', 'X-Request-Id')
  if (route.get) put('get', 'get', { responses: { 200: shown, ...refused } })
  if (route.create) put('post', 'create', { ...body, responses: { 201: shown, ...refused } })
  if (route.patch.length > 0) put('patch', 'patch', { ...body, responses: { 200: shown, ...refused } })
  if (route.delete) put('delete', 'delete', { responses: { 204: response('It is gone.', null), ...refused } })
}

/** `/apples/<int:key>` and `/apples/:key` → `/apples/{key}`. */
function templateOf(pattern: string): { readonly path: string; readonly parameters: readonly Json[] } {
  const parameters: Json[] = []
  const take = (name: string, converter: string): string => {
    const type = converter.startsWith('int') ? 'integer' : converter.startsWith('float') ? 'number' : 'string'
    parameters.push(pathParameter(name, `Part of the URI \`${pattern}\`.`, { type }))
    return `{${name}}`
  }
  const path = pattern
    .replaceAll(/<(?:([^:>]+):)?([^>]+)>/g, (_, converter: string | undefined, name: string) =>
      take(name, converter ?? ''),
    )
    .replaceAll(/(?<=\/):([^/]+)/g, (_, name: string) => take(name, ''))
  return { path: path.length > 1 ? path.replace(/\/$/, '') : path, parameters }
}
