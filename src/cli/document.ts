import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { api } from '../api.ts'
import { inspect, type DocumentedApi } from '../inspect.ts'
import { memory } from '../store/memory.ts'
import { isPostgres, readPostgres } from './database/postgres-source.ts'
import { Misuse } from './misuse.ts'
import { readSource } from './source.ts'

type Json = Readonly<Record<string, unknown>>

/**
 * The OpenAPI or AsyncAPI document of a running API, of a module that makes an API, or of what `restuary serve SOURCE` would
 * serve. A file may also be the document itself.
 */
export async function readDocument(source: string, kind: 'openapi' | 'asyncapi'): Promise<Json> {
  if (/^https?:\/\//.test(source)) return fetchDocument(source, kind)
  if (/\.[cm]?[jt]s$/.test(source)) return documentOf(await declaredApi(source), kind)
  const document = source.endsWith('.json') && existsSync(source) ? parsed(readFileSync(source, 'utf8')) : null
  if (document && typeof document[kind] === 'string' && 'info' in document) return document
  const { resources } = isPostgres(source)
    ? await readPostgres(source, { readOnly: true })
    : readSource(source, { readOnly: true })
  return documentOf(api(resources, { store: memory(), report: () => {} }), kind)
}

async function documentOf(app: DocumentedApi, kind: 'openapi' | 'asyncapi'): Promise<Json> {
  try {
    const response = await app.fetch(new Request(`http://localhost${app.http.prefix ?? ''}/${kind}.json`))
    return (await response.json()) as Json
  } finally {
    await app.close()
  }
}

/**
 * The first API that a module makes, or that its function `createApp` makes. Its store is not opened, and nothing is served. As with
 * `restuary dev`, a file `.env` sets the environment.
 */
async function declaredApi(file: string): Promise<DocumentedApi> {
  if (!existsSync(file)) throw new Misuse(`${file} is not there`, 'give the path of a module that makes an API')
  if (existsSync('.env')) process.loadEnvFile('.env')
  const declared = await inspect(async () => {
    const { createApp } = (await import(pathToFileURL(resolve(file)).href)) as Readonly<Record<string, unknown>>
    if (typeof createApp === 'function') createApp()
  })
  if (declared === null) throw new Misuse(`${file} makes no API`, 'write there: export const app = api({ … })')
  return declared.make()
}

/** null = the text is no JSON object. */
function parsed(text: string): Json | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' ? (value as Json | null) : null
  } catch {
    return null
  }
}

/** Gets a document of an API. The catalogue says where it is; without a catalogue it is at the usual path. */
async function fetchDocument(url: string, kind: 'openapi' | 'asyncapi'): Promise<Json> {
  const base = url.replace(/\/+$/, '')
  if (base.endsWith('.json')) return fetchJson(base)
  const catalogue: Json = await fetchJson(`${base}/`).catch((error: unknown): Json => {
    if (error instanceof Misuse && error.message.includes('is not there')) throw error
    return {}
  })
  const { [kind]: path } = (catalogue['documents'] ?? {}) as Readonly<Record<string, string>>
  return fetchJson(path === undefined ? `${base}/${kind}.json` : new URL(path, base).href)
}

async function fetchJson(url: string): Promise<Json> {
  let response: Response
  try {
    response = await fetch(url, { headers: { accept: 'application/json' } })
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : ''
    throw new Misuse(`${url} is not there${cause}`, 'name the URL of an API that runs')
  }
  if (!response.ok) throw new Misuse(`${url} answers ${response.status}`, 'name the URL of an API of Restuary')
  try {
    return (await response.json()) as Json
  } catch {
    throw new Misuse(`${url} is not JSON`, 'name the URL of an API of Restuary')
  }
}

/** The path below which the API of an OpenAPI document is mounted, without a slash at the end. */
export function prefixIn(document: Json): string {
  const [server] = (document['servers'] ?? []) as readonly { readonly url: string }[]
  return server === undefined ? '' : new URL(server.url, 'http://localhost').pathname.replace(/\/$/, '')
}
