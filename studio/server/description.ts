import { signal, type Signal } from '@preact/signals'
import type { Outline } from '../../src/protocol/outline.ts'
import { recordedFetch } from './recorded.ts'
import { base, settings } from './settings.ts'
import { fieldsOf, type FieldInfo, type OperationInfo } from './fields.ts'
import { referred, type JsonObject } from '../../src/describe/page/browser/sample.ts'

/** A resource as its description tells of it. */
export interface ResourceInfo {
  readonly name: string
  /** The path of its list, below the API. */
  readonly path: string
  readonly title: string
  readonly description: string
  readonly id: string
  readonly fields: readonly FieldInfo[]
  readonly canCreate: boolean
  readonly canPatch: boolean
  readonly canDelete: boolean
  readonly hasBulk: boolean
  readonly hasHistory: boolean
  readonly operations: readonly OperationInfo[]
}

export interface Description {
  readonly title: string
  readonly version: string
  readonly document: JsonObject
  readonly resources: readonly ResourceInfo[]
  readonly operations: readonly OperationInfo[]
  /** Where resources are served that are not at their name. */
  readonly paths: Readonly<Record<string, string>>
  /** The members of a login; null = there is none. */
  readonly login: readonly string[] | null
}

export const description: Signal<Description | null> = signal(null)

/** Reads the catalogue and the OpenAPI document. */
export async function loadDescription(): Promise<Description> {
  if (settings.openapi === null)
    throw new Error('This API does not serve its OpenAPI document, from which the studio is made.')
  const [catalogue, document] = await Promise.all([
    json(base + '/'),
    json(new URL(settings.openapi, location.href).href),
  ])
  const outlines = (catalogue['outlines'] ?? {}) as Readonly<Record<string, Outline>>
  const operations = operationsOf(document)
  const resources = Object.values(outlines).map(outline => resourceOf(document, outline, operations))
  const login = document['paths']?.['/auth/token']?.post?.requestBody?.content?.['application/json']?.schema
  const made: Description = {
    title: document['info']?.title ?? 'API',
    version: document['info']?.version ?? '',
    document,
    resources: resources.toSorted((a, b) => a.name.localeCompare(b.name)),
    operations,
    paths: Object.fromEntries(resources.map(({ name, path }) => [name, path])),
    login: login ? Object.keys(referred(document, login)['properties'] ?? {}) : null,
  }
  description.value = made
  return made
}

async function json(url: string): Promise<JsonObject> {
  const response = await recordedFetch(url, { headers: { accept: 'application/json' } })
  if (!response.ok) throw new Error(`${url} answers ${response.status}`)
  return (await response.json()) as JsonObject
}

const methods = new Set(['get', 'post', 'put', 'patch', 'delete'])

function operationsOf(document: JsonObject): OperationInfo[] {
  return Object.entries((document['paths'] ?? {}) as JsonObject).flatMap(([path, item]) =>
    Object.entries(item as JsonObject)
      .filter(([method]) => methods.has(method))
      .map(([method, given]) => {
        const operation = given as JsonObject
        const [tag = 'API'] = (operation['tags'] ?? []) as string[]
        const summary = String(operation['summary'] ?? '').replaceAll('`', '')
        return { method: method.toUpperCase(), path, tag, summary, operation }
      }),
  )
}

function resourceOf(document: JsonObject, outline: Outline, all: readonly OperationInfo[]): ResourceInfo {
  const { name, path, id } = outline
  const operations = all.filter(({ operation }) => operation['x-resource'] === name)
  const direct = operations.filter(({ operation }) => operation['x-through'] === undefined)
  const word = (wanted: string, isRow: boolean): OperationInfo | undefined =>
    direct.find(one => one.operation['x-operation'] === wanted && one.path.endsWith('}') === isRow)
  const list = word('list', false)
  const shown = list?.operation['responses']?.['200']?.content?.['application/json']?.schema?.items as
    | JsonObject
    | undefined
  const row = referred(document, shown)
  const title = typeof shown?.['$ref'] === 'string' ? shown['$ref'].split('/').at(-1)! : name
  const schemas = (document['components']?.schemas ?? {}) as JsonObject
  return {
    name,
    path,
    title,
    description: String(row['description'] ?? ''),
    id,
    fields: fieldsOf({
      document,
      outline,
      row,
      list,
      create: schemas[`${title}Create`],
      patch: schemas[`${title}Patch`],
    }),
    canCreate: word('create', false) !== undefined,
    canPatch: word('patch', true) !== undefined,
    canDelete: word('delete', true) !== undefined,
    hasBulk: word('deleteMany', false) !== undefined,
    hasHistory: operations.some(one => one.path.endsWith('/history')),
    operations,
  }
}
