// Runs in browsers, as text that is served. See scripts/browser.ts.
import { foldable, h } from './element.ts'
import { tryForm } from './form.ts'
import type { JsonObject } from './sample.ts'
import { resolve, typeWords } from './schema.ts'

/** One operation: what it is, what it takes and answers, and a form to try it. */
export function operationView(method: string, path: string, operation: JsonObject): HTMLElement {
  const asks = (operation['security'] ?? []) as JsonObject[]
  const locked = asks.length > 0 && !asks.some(one => Object.keys(one).length === 0)
  return foldable(
    [
      h('span', { class: `method ${method}` }, method.toUpperCase()),
      h('code', { class: 'path' }, path),
      h('span', { class: 'summary' }, String(operation['summary'] ?? '').replaceAll('`', '')),
      locked ? h('span', { class: 'lock', title: 'Needs credentials' }, 'credentials') : null,
    ],
    () => [
      operation['description'] ? h('p', { class: 'prose' }, operation['description']) : null,
      method === 'query'
        ? h(
            'p',
            { class: 'prose' },
            'QUERY (RFC 10008) takes in its body what GET takes in its URI. Browsers cannot send it yet.',
          )
        : tryForm(method.toUpperCase(), path, operation),
      conditionsView(operation),
      answersView(operation),
    ],
    { class: 'operation', id: operation['operationId'] },
  )
}

/** The operators that each field has in a filter. */
function conditionsView(operation: JsonObject): HTMLElement | null {
  const fields = new Map<string, string[]>()
  for (const one of ((operation['parameters'] ?? []) as JsonObject[]).map(resolve)) {
    if (!('x-operator' in one)) continue
    const name: string = one['x-field']
    const operator = one['x-operator'] === 'eq' ? '=' : (one['x-operator'] as string)
    fields.set(name, [...(fields.get(name) ?? []), operator])
  }
  if (fields.size === 0) return null
  return h(
    'details',
    {},
    h('summary', {}, 'Filters by field'),
    h(
      'table',
      { class: 'filters' },
      h(
        'tbody',
        {},
        [...fields].map(([name, operators]) =>
          h(
            'tr',
            {},
            h('td', {}, h('code', {}, name)),
            h(
              'td',
              {},
              operators.map(one => h('code', { class: 'chip' }, one)),
            ),
          ),
        ),
      ),
    ),
  )
}

function answersView(operation: JsonObject): HTMLElement {
  const rows = Object.entries((operation['responses'] ?? {}) as JsonObject).map(([status, given]) => {
    const response = resolve(given as JsonObject)
    const content = Object.entries((response['content'] ?? {}) as JsonObject)
    const fields = Object.keys(response['headers'] ?? {})
    return h(
      'tr',
      {},
      h('td', {}, h('b', {}, status)),
      h(
        'td',
        {},
        h('div', {}, response['description']),
        content.map(([type, one]) => h('small', {}, `${type}: ${typeWords((one as JsonObject)['schema'] ?? {})} `)),
        fields.length ? h('small', { class: 'headers' }, fields.join(', ')) : null,
      ),
    )
  })
  return h('details', {}, h('summary', {}, 'Answers'), h('table', {}, h('tbody', {}, rows)))
}
