import type { Model, Resource } from '../../model/model.ts'
import { Components, shapedSchemas } from '../components.ts'
import type { DescribeOptions } from '../options.ts'
import type { Sliced } from '../../engine/slices.ts'
import { describeActions } from './action-paths.ts'
import { describeHandled } from './handled-paths.ts'
import { describeLogin } from './auth-paths.ts'
import { describeBatch } from './batch-path.ts'
import { headers, problemSchema, references, refusalResponses, type Json } from './answers.ts'
import { describeFiles } from './file-paths.ts'
import { describeFurther } from './bulk-and-history-paths.ts'
import { operationIds, type Drafting } from './drafting.ts'
import { sharedParameters } from './parameters.ts'
import { describeResource } from './resource-paths.ts'

/** A page that is served beside the resources, as documents describe it. */
export interface DescribedPage {
  readonly path: string
  readonly type: string
  readonly title: string
  /** Whether it has an entity tag. */
  readonly kept: boolean
}

/**
 * Makes the OpenAPI document (3.1.1) of an API, resource by resource: all paths with all parameters, header fields and refusals.
 */
export function* draftOpenapi(model: Model, options: DescribeOptions, pages: readonly DescribedPage[]): Sliced<Json> {
  const drafting: Drafting = {
    model,
    options,
    components: new Components(model),
    parameters: new Map(Object.entries(sharedParameters(options.limits))),
    paths: {},
    operationId: operationIds(),
  }
  const resources = [...model.resources.values(), ...model.standalone.values()].filter(one => one.paths.length > 0)
  for (const describe of [describeResource, describeFurther, describeFiles])
    for (const resource of model.resources.values()) {
      describe(drafting, resource)
      yield
    }
  for (const resource of resources) {
    describeActions(drafting, resource)
    yield
  }
  for (const route of options.handled) describeHandled(drafting, route)
  if (options.login) describeLogin(drafting, options.login)
  describeBatch(drafting)
  describePages(drafting, pages)
  yield* drafting.components.made()
  const schemas = { ...drafting.components.done(), Problem: problemSchema, JsonPatch: jsonPatchSchema }
  const components = {
    schemas,
    parameters: Object.fromEntries(drafting.parameters),
    headers,
    responses: refusalResponses,
    [shapedSchemas]: drafting.components.shaped(),
  }
  const schemes = Object.keys(options.schemes)
  return {
    openapi: '3.1.1',
    info: { title: options.title, version: options.version, ...described(options.description) },
    jsonSchemaDialect: 'https://json-schema.org/draft/2020-12/schema',
    servers: [{ url: options.prefix === '' ? '/' : options.prefix }],
    security: schemes.map(name => ({ [name]: [] })),
    tags: [
      ...resources.map(tagOf),
      ...[...new Set(options.handled.map(({ name }) => name))].map(name => ({
        name,
        description: `Handled resources: ${name}.`,
      })),
      ...(options.login ? [{ name: 'Auth', description: 'Sessions.' }] : []),
      ...(pages.length ? [{ name: 'API', description: 'Documents of the API.' }] : []),
    ],
    paths: drafting.paths,
    components: {
      ...(yield* usedOf(components, drafting.paths)),
      ...(schemes.length ? { securitySchemes: options.schemes } : {}),
    },
  }
}

function tagOf(resource: Resource): Json {
  const told = resource.docs.description
  return { name: resource.title, description: told === '' ? `The rows at \`${resource.paths[0]!}\`.` : told }
}

const described = (description: string): Json => (description === '' ? {} : { description })

function describePages(drafting: Drafting, pages: readonly DescribedPage[]): void {
  for (const { path, type, title, kept } of pages) {
    const problem = { $ref: '#/components/responses/Problem' }
    drafting.paths[path] = {
      get: {
        operationId: drafting.operationId(`read${path.replaceAll(/[^A-Za-z0-9]+/g, '_')}`),
        tags: ['API'],
        summary: title,
        security: [],
        responses: {
          200: {
            description: title,
            headers: references('Cache-Control', 'Vary', ...(kept ? ['ETag'] : [])),
            content: { [type]: { schema: type.endsWith('json') ? {} : { type: 'string' } } },
          },
          '4XX': problem,
          default: problem,
        },
      },
    }
  }
}

/** The components to which a document refers, directly or through other components. */
function* usedOf(components: Readonly<Record<string, Json>>, paths: Json): Sliced<Readonly<Record<string, Json>>> {
  const used = new Set<string>()
  const parts: unknown[] = Object.values(paths)
  // What they refer to is added to them while they are gone through.
  for (const part of parts) {
    for (const [, kind = '', name = ''] of JSON.stringify(part).matchAll(
      /"\$ref":"#\/components\/([^/"]+)\/([^"]+)"/g,
    )) {
      if (used.has(`${kind}/${name}`)) continue
      used.add(`${kind}/${name}`)
      parts.push(components[kind]?.[name] ?? null)
    }
    yield
  }
  return Object.fromEntries(
    Object.entries(components).map(([kind, all]) => [
      kind,
      Object.fromEntries(Object.entries(all).filter(([name]) => used.has(`${kind}/${name}`))),
    ]),
  )
}

/** A JSON Patch (RFC 6902). */
const jsonPatchSchema: Json = {
  type: 'array',
  title: 'JsonPatch',
  description: 'Steps that change the representation at depth 1 (RFC 6902).',
  items: {
    type: 'object',
    properties: {
      op: { type: 'string', enum: ['add', 'remove', 'replace', 'move', 'copy', 'test'] },
      path: { type: 'string', description: 'RFC 6901.' },
      from: { type: 'string', description: 'RFC 6901.' },
      value: {},
    },
    required: ['op', 'path'],
  },
  examples: [[{ op: 'replace', path: '/title', value: 'text' }]],
}
