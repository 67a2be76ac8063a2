// Runs in browsers, as text that is served. See scripts/browser.ts.
import { h } from './element.ts'
import { referred, type JsonObject } from './sample.ts'

/** The document that the page shows. */
export const page: { document: JsonObject; token: string } = { document: {}, token: '' }

/** Where the API is, seen from the page. */
export function baseOf(): string {
  const url: string = page.document['servers']?.[0]?.url ?? '/'
  return new URL(url, location.href).href.replace(/\/$/, '')
}

/** What a reference leads to; the thing itself where it is none. */
export const resolve = (node: JsonObject): JsonObject => referred(page.document, node)

/** A schema in a few words: `integer`, `list of string`, `Todo or null`. */
export function typeWords(schema: JsonObject): string {
  if (typeof schema['$ref'] === 'string') return schema['$ref'].split('/').at(-1)!
  if (schema['enum']) return schema['enum'].map((one: unknown) => JSON.stringify(one)).join(' | ')
  if ('const' in schema) return JSON.stringify(schema['const'])
  const several = schema['anyOf'] ?? schema['oneOf']
  if (several) return several.map(typeWords).join(' | ')
  const types: string[] = [schema['type'] ?? 'anything'].flat()
  return types.map(type => (type === 'array' ? `list of ${typeWords(schema['items'] ?? {})}` : type)).join(' | ')
}

/** What else a schema says: its format, its bounds. */
export function boundWords(schema: JsonObject): string[] {
  const words: string[] = []
  const say = (key: string, text: (value: never) => string): void => {
    if (schema[key] !== undefined) words.push(text(schema[key] as never))
  }
  say('format', (one: string) => one)
  say('contentEncoding', (one: string) => one)
  say('minimum', (one: number) => `≥ ${one}`)
  say('maximum', (one: number) => `≤ ${one}`)
  if (schema['minLength'] ?? schema['maxLength']) {
    words.push(`${schema['minLength'] ?? 0} to ${schema['maxLength'] ?? 'any number of'} characters`)
  }
  say('minItems', (one: number) => `at least ${one}`)
  say('maxItems', (one: number) => `at most ${one}`)
  if (!schema['description']) say('pattern', (one: string) => `like ${one}`)
  say('default', (one: unknown) => `default ${JSON.stringify(one)}`)
  if (schema['uniqueItems']) words.push('each once')
  return words
}

/** Members of an object as a table. `written` is the schema of a body, to tell what may be set. */
export function membersTable(schema: JsonObject, written: JsonObject | null): HTMLElement {
  const required = new Set<string>(schema['required'] ?? [])
  const body: JsonObject = written?.['properties'] ?? {}
  const unshown = Object.fromEntries(
    Object.entries(body).filter(([name]) => !Object.hasOwn(schema['properties'] ?? {}, name)),
  )
  const needed = new Set<string>(written?.['required'] ?? [])
  const all: [string, JsonObject][] = Object.entries({ ...(schema['properties'] as JsonObject), ...unshown })
  return h(
    'table',
    {},
    h('thead', {}, h('tr', {}, h('th', {}, 'Field'), h('th', {}, 'Type'), h('th', {}, 'About'))),
    h(
      'tbody',
      {},
      all.map(([name, property]) => {
        const shown = Object.hasOwn(schema['properties'] ?? {}, name)
        const marks = [
          needed.has(name) ? 'required' : '',
          written && !Object.hasOwn(body, name) ? 'read only' : '',
          shown ? '' : 'never shown',
          written === null && required.has(name) ? 'required' : '',
        ].filter(Boolean)
        const about = [property['title'], property['description']].filter(Boolean).join('. ')
        return h(
          'tr',
          {},
          h(
            'td',
            {},
            h('code', {}, name),
            marks.map(mark => h('span', { class: `mark ${mark.replace(' ', '-')}` }, mark)),
          ),
          h(
            'td',
            {},
            h('code', { class: 'type' }, typeWords(property)),
            h('small', {}, boundWords({ ...property, ...defaultOf(body[name]) }).join(', ')),
          ),
          h('td', {}, about),
        )
      }),
    ),
  )
}

const defaultOf = (schema: JsonObject | undefined): JsonObject =>
  schema?.['default'] === undefined ? {} : { default: schema['default'] }
