import type { Model } from '../model/model.ts'
import { outlinesOf } from '../model/outline.ts'
import { chain, type Maybe } from '../store/work.ts'
import type { Page, PageBytes } from '../transport/http/endpoint.ts'
import { problemPages } from './problems/problem-pages.ts'
import { asyncapi } from './asyncapi/asyncapi.ts'
import { clientModule } from './client/client-js.ts'
import { draftOpenapi, type DescribedPage } from './openapi/openapi.ts'
import { servedPath, type DescribeOptions } from './options.ts'
import { documentationPage } from './page/page.ts'
import { inSlices } from '../engine/slices.ts'
import { jsonPage } from './json-page.ts'
import { schemaDocument, schemaName } from './schema-document.ts'

/**
 * The documents of an API as pages. Each is at its reserved path unless that was moved or switched off, and is made when it is
 * first requested. `documentation` may let the page show something else to some clients.
 */
export function describePages(
  model: Model,
  options: DescribeOptions,
  documentation: (page: Page) => Page = page => page,
): readonly Page[] {
  const at = (word: string): string | null => servedPath(options.paths, word)
  const pages: Page[] = []
  const put = (path: string | null, page: Omit<Page, 'path'>): void => {
    if (path !== null) pages.push({ path, ...page })
  }
  const document = once(() => inSlices(draftOpenapi(model, options, describedPages(options))))
  const json = (value: () => Maybe<unknown>, type = 'application/json'): Omit<Page, 'path'> => {
    const write = (made: unknown): Maybe<PageBytes> => inSlices(jsonPage(made))
    const text = once(() => {
      const made = value()
      return made instanceof Promise ? made.then(write) : write(made)
    })
    return { type, cache: 'no-cache', text }
  }

  put('/', catalogue(model, options))
  put(at('openapi'), json(document))
  put(
    at('asyncapi'),
    json(() => asyncapi(model, options)),
  )
  const client = at('client')
  put(client, {
    type: 'text/javascript; charset=utf-8',
    cache: 'no-cache',
    text: once(() => chain(document(), made => clientModule(made, { base: null, prefix: options.prefix }))),
  })
  const docs = at('docs')
  if (docs !== null) pages.push(documentation({ path: docs, ...documentationPage(options) }))
  const wellKnown = at('wellKnown')
  if (wellKnown !== null)
    put(
      `${wellKnown}/api-catalog`,
      json(() => linkset(options), 'application/linkset+json'),
    )
  const problems = at('problems')
  if (problems !== null) pages.push(...problemPages(problems, options.prefix))
  const schemas = at('schemas')
  if (schemas !== null) {
    for (const resource of model.resources.values()) {
      if (resource.paths.length === 0) continue
      const base = `${options.prefix}${schemas}`
      put(
        `${schemas}/${encodeURIComponent(schemaName(resource))}`,
        json(() => schemaDocument(resource, base), 'application/schema+json'),
      )
    }
  }
  return pages
}

/** The catalogue: the resources, and where the documents are (RFC 8631, RFC 9727 §4.1). */
function catalogue(model: Model, options: DescribeOptions): Omit<Page, 'path'> {
  const resources: Record<string, string> = {}
  for (const resource of [...model.resources.values(), ...model.standalone.values()]) {
    if (resource.paths[0] !== undefined) resources[resource.name] = options.prefix + resource.paths[0]
  }
  // They tell the names of fields, which an API does not tell that serves no description.
  const outlines = servedPath(options.paths, 'openapi') === null ? undefined : outlinesOf(model)
  const documents = Object.fromEntries(linksOf(options).map(({ word, href }) => [word, href]))
  const text = JSON.stringify({ resources, documents, outlines })
  const link = linksOf(options).map(({ href, rel, type }) => `<${href}>; rel="${rel}"; type="${type}"`)
  const fields = link.length === 0 ? [] : ['link', link.join(', ')]
  return { type: 'application/json', cache: 'no-cache', text: () => text, fields: () => fields }
}

interface DocumentLink {
  readonly word: string
  readonly rel: string
  readonly type: string
  readonly title: string
  readonly href: string
}

const known: readonly Omit<DocumentLink, 'href'>[] = [
  { word: 'openapi', rel: 'service-desc', type: 'application/json', title: 'The OpenAPI document' },
  { word: 'asyncapi', rel: 'service-desc', type: 'application/json', title: 'The AsyncAPI document' },
  { word: 'docs', rel: 'service-doc', type: 'text/html', title: 'Documentation' },
  { word: 'client', rel: 'service-meta', type: 'text/javascript', title: 'A client in JavaScript' },
]

function linksOf(options: DescribeOptions): DocumentLink[] {
  return known.flatMap(one => {
    const path = servedPath(options.paths, one.word)
    return path === null ? [] : [{ ...one, href: options.prefix + path }]
  })
}

/** The link set of RFC 9264 and RFC 9727. */
function linkset(options: DescribeOptions): unknown {
  const context: Record<string, unknown> = { anchor: `${options.prefix}/` }
  for (const { rel, href, type } of linksOf(options)) {
    context[rel] = [...((context[rel] as unknown[] | undefined) ?? []), { href, type }]
  }
  return { linkset: [context] }
}

function describedPages(options: DescribeOptions): DescribedPage[] {
  const health = servedPath(options.paths, 'health')
  const documents = linksOf(options).map(({ word, type, title }) => ({
    path: servedPath(options.paths, word)!,
    type: word === 'client' ? 'text/javascript; charset=utf-8' : word === 'docs' ? 'text/html; charset=utf-8' : type,
    title,
    kept: true,
  }))
  return [
    { path: '/', type: 'application/json', title: 'The resources, and where the documents are', kept: true },
    ...(health === null
      ? []
      : [{ path: health, type: 'application/json', title: 'Whether the server answers', kept: false }]),
    ...documents.filter(one => one.path !== '/'),
  ]
}

/** Makes a value when it is first needed, and keeps it. Whoever asks meanwhile waits for the same one. */
function once<T>(make: () => Maybe<T>): () => Maybe<T> {
  let made: { readonly value: Maybe<T> } | null = null
  return () => (made ??= { value: make() }).value
}
