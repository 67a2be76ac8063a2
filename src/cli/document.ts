import { api } from '../api.ts'
import { memory } from '../store/memory.ts'
import { Misuse } from './misuse.ts'
import { readSource } from './source.ts'

type Json = Readonly<Record<string, unknown>>

/** The OpenAPI or AsyncAPI document of a running API, or of what `restuary serve FILE` would serve. */
export async function readDocument(source: string, kind: 'openapi' | 'asyncapi'): Promise<Json> {
  if (/^https?:\/\//.test(source)) return fetchDocument(source, kind)
  const { resources } = readSource(source, { readOnly: true })
  const app = api(resources, { store: memory(), report: () => {} })
  try {
    const response = await app.fetch(new Request(`http://localhost/${kind}.json`))
    return (await response.json()) as Json
  } finally {
    await app.close()
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
