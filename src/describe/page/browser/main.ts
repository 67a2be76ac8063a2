// Runs in browsers, as text that is served. See scripts/browser.ts.
import { byId, h, show } from './element.ts'
import { setUpConsole } from './console.ts'
import { setUpLive } from './live.ts'
import { operationView } from './operation.ts'
import type { JsonObject } from './sample.ts'
import { page, membersTable, resolve } from './schema.ts'

interface Section {
  readonly name: string
  readonly tag: JsonObject
  readonly operations: readonly { readonly method: string; readonly path: string; readonly operation: JsonObject }[]
}

const order = ['get', 'query', 'post', 'put', 'patch', 'delete', 'head', 'options', 'trace']

async function begin(): Promise<void> {
  const content = byId('content')
  const source = document.querySelector('meta[name="openapi"]')?.getAttribute('content')
  if (!source) return show(content, h('p', { class: 'error' }, 'This API does not serve its OpenAPI document.'))
  try {
    const response = await fetch(source, { headers: { accept: 'application/json' } })
    if (!response.ok) throw new Error(`${source} answers ${response.status}`)
    page.document = (await response.json()) as JsonObject
  } catch (error) {
    return show(content, h('p', { class: 'error' }, `The description of this API cannot be read: ${String(error)}`))
  }
  const { title = 'API', version = '' } = (page.document['info'] ?? {}) as { title?: string; version?: string }
  document.title = title
  show(byId('title'), title, h('small', {}, version))
  const sections = sectionsOf(page.document)
  const search = byId('search') as HTMLInputElement
  const list = (): void => showList(sections, search.value.trim().toLowerCase())
  search.addEventListener('input', list)
  list()
  setUpToken()
  setUpConsole()
  setUpLive(exampleOf(sections))
  const route = (): void => {
    const wanted = decoded(location.hash.slice(1))
    const section = sections.find(one => one.name === wanted)
    if (section) showSection(content, section)
    else showOverview(content, sections)
    for (const link of byId('sections').querySelectorAll('a')) {
      link.classList.toggle('here', decoded(link.hash.slice(1)) === (section?.name ?? ''))
    }
    window.scrollTo(0, 0)
  }
  window.addEventListener('hashchange', route)
  route()
}

/** The first list that can be followed. */
function exampleOf(sections: readonly Section[]): string {
  const all = sections.flatMap(({ operations }) => operations)
  return all.find(({ method, path }) => method === 'get' && !path.includes('{'))?.path ?? '/'
}

function sectionsOf(document: JsonObject): Section[] {
  const all = Object.entries((document['paths'] ?? {}) as JsonObject).flatMap(([path, item]) =>
    Object.entries(item as JsonObject).map(([key, operation]) => ({
      method: key.replace(/^x-/, ''),
      path,
      operation: operation as JsonObject,
    })),
  )
  return ((document['tags'] ?? []) as JsonObject[]).map(tag => ({
    name: tag['name'],
    tag,
    operations: all
      .filter(one => one.operation['tags']?.includes(tag['name']))
      // Own paths before those through relations, then by path and method.
      .toSorted(
        (a, b) =>
          Number('x-through' in a.operation) - Number('x-through' in b.operation) ||
          (a.path < b.path ? -1 : a.path > b.path ? 1 : order.indexOf(a.method) - order.indexOf(b.method)),
      ),
  }))
}

function showList(sections: readonly Section[], wanted: string): void {
  const fits = (one: Section): boolean =>
    wanted === '' ||
    one.name.toLowerCase().includes(wanted) ||
    one.operations.some(({ path, operation }) => `${path} ${operation['summary'] ?? ''}`.toLowerCase().includes(wanted))
  show(
    byId('sections'),
    h('a', { href: '#' }, 'Overview'),
    sections
      .filter(fits)
      .map(one =>
        h('a', { href: `#${encodeURIComponent(one.name)}` }, one.name, h('small', {}, one.operations.length)),
      ),
  )
}

function showOverview(content: HTMLElement, sections: readonly Section[]): void {
  // The first line of the text is the title, which stands above already.
  const told = String(page.document['info']?.description ?? '').replace(/^\s*#[^\n]*\n*/, '')
  show(
    content,
    told !== '' ? h('p', { class: 'prose' }, told) : null,
    h(
      'div',
      { class: 'cards' },
      sections.map(one =>
        h(
          'a',
          { class: 'card', href: `#${encodeURIComponent(one.name)}` },
          h('b', {}, one.name),
          h('p', {}, String(one.tag['description'] ?? '').replaceAll('`', '')),
          h('small', {}, [...new Set(one.operations.map(({ path }) => path))].slice(0, 4).join('  ')),
        ),
      ),
    ),
  )
}

function showSection(content: HTMLElement, section: Section): void {
  const schemas: JsonObject = page.document['components']?.schemas ?? {}
  const list = section.operations.find(({ operation }) => operation['x-operation'] === 'list')
  const row = resolve(list?.operation['responses']?.[200]?.content?.['application/json']?.schema?.items ?? {})
  const own = row['properties'] ? row : null
  const direct = section.operations.filter(({ operation }) => !('x-through' in operation))
  const through = section.operations.filter(({ operation }) => 'x-through' in operation)
  const view = ({ method, path, operation }: Section['operations'][number]): HTMLElement =>
    operationView(method, path, operation)
  show(
    content,
    h('h1', {}, section.name),
    h('p', { class: 'prose' }, String(section.tag['description'] ?? '').replaceAll('`', '')),
    own
      ? [
          h('h2', {}, 'Fields'),
          h('div', { class: 'scroll' }, membersTable(own, schemas[`${section.name}Create`] ?? null)),
        ]
      : null,
    h('h2', {}, 'Operations'),
    direct.map(view),
    through.length ? [h('h2', {}, 'Through relations'), ...through.map(view)] : null,
  )
}

/** The token stays in the page: it is gone with it. */
function setUpToken(): void {
  const input = byId('token') as HTMLInputElement
  const schemes = Object.keys(page.document['components']?.securitySchemes ?? {})
  byId('who').hidden = schemes.length === 0
  byId('who').addEventListener('submit', event => event.preventDefault())
  input.addEventListener('input', () => {
    page.token = input.value.trim()
  })
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

void begin()
