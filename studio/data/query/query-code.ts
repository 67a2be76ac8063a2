import type { Filter } from '../../server/client.ts'
import type { ResourceInfo } from '../../server/description.ts'
import { base } from '../../server/settings.ts'
import type { TableSort } from '../window/keyset.ts'

export type QueryLanguage = 'url' | 'curl' | 'client' | 'live' | 'python'

/** A list with its filter and its order in a language. */
export function codeOf(
  language: QueryLanguage,
  { name, path, id }: ResourceInfo,
  filter: Filter | null,
  { field, descending }: TableSort,
): string {
  const sort = field === id && !descending ? null : `${descending ? '-' : ''}${field}`
  const words = [...(filter ? [`filter=${JSON.stringify(filter)}`] : []), ...(sort ? [`sort=${sort}`] : [])]
  const url = `${base}${path}${words.length ? `?${words.join('&')}` : ''}`
  const options = { ...(filter && { filter }), ...(sort && { sort }) }
  const given = Object.keys(options).length === 0 ? '' : literal(options)
  const member = /^[a-z_$][\w$]*$/i.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`
  switch (language) {
    case 'url':
      return encodeURI(url)
    case 'curl':
      return `curl -g '${url.replaceAll("'", `'\\''`)}'`
    case 'client':
      return `import { client } from 'restuary/client'\n\nconst api = client('${base}')\nconst { rows, next } = await api${member}.list(${given})`
    case 'live':
      return `const live = api${member}.live(${given})\nlive.subscribe(({ rows, changes }) => console.log(rows, changes))`
    case 'python':
      return `from restuary import Client\n\nwith Client('${base}') as api:\n    page = api[${JSON.stringify(name)}].list(${[
        ...(filter ? [`filter=${pythonOf(filter)}`] : []),
        ...(sort ? [`sort=${JSON.stringify(sort)}`] : []),
      ].join(', ')})`
  }
}

function literal(value: unknown): string {
  return JSON.stringify(value, null, 2).replaceAll(/"([a-z_$][\w$]*)":/gi, '$1:')
}

/** A value as Python writes it. Words within texts stay what they are. */
function pythonOf(value: unknown): string {
  const words: Readonly<Record<string, string>> = { true: 'True', false: 'False', null: 'None' }
  return JSON.stringify(value).replaceAll(/"(?:\\.|[^"\\])*"|true|false|null/g, text => words[text] ?? text)
}
