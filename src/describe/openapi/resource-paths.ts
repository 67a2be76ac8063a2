import { getOrThrow } from '../../protocol/get-or-throw.ts'
import { uniqueKeysOf } from '../../engine/write/unique-key.ts'
import type { BackField, ManyField, Resource } from '../../model/model.ts'
import { capital } from '../../model/link/uri-names.ts'
import { impliedBy } from '../json-schema.ts'
import { response, refusing, rowsAnswer, type Json } from './answers.ts'
import { place, type Drafting } from './drafting.ts'
import { formContent } from './file-paths.ts'
import { listParameters, pathParameter, query, querySchema, shapeParameters, shared } from './parameters.ts'
import { securityOf, type Need } from './security.ts'

/** A way to the rows of a resource: by its own path, or through a to-many relation of another resource. */
interface Way {
  readonly resource: Resource
  readonly path: string
  /** The path parameters of the list. */
  readonly above: readonly Json[]
  /** The last path parameter of an item. */
  readonly id: string
  /** The end of operation ids: `Todo`, `TodosOfList`. */
  readonly name: string
  readonly through: BackField | ManyField | null
}

/** Describes all paths of a resource: its own, and those through its to-many relations. */
export function describeResource(drafting: Drafting, resource: Resource): void {
  for (const path of resource.paths) {
    describeWay(drafting, { resource, path, above: [], id: 'id', name: resource.title, through: null })
    for (const field of resource.fields) {
      if (field.hidden || (field.is !== 'back' && field.is !== 'many') || !field.toMany) continue
      const id = resource.idType.schema
      describeWay(drafting, {
        resource: field.target,
        path: `${path}/{id}/${encodeURIComponent(field.name)}`,
        above: [pathParameter('id', `The id of the ${resource.name}.`, id)],
        id: 'relatedId',
        name: `${capital(field.name)}Of${resource.title}`,
        through: field,
      })
    }
  }
}

function describeWay(drafting: Drafting, way: Way): void {
  const { resource, path, through } = way
  const fixed = resource.options.readOnly
  const item = `${path}/{${way.id}}`
  place(drafting, path, 'get', list(drafting, way))
  place(drafting, path, 'x-query', search(drafting, way))
  place(drafting, item, 'get', get(drafting, way))
  if (fixed) return
  place(drafting, path, 'post', create(drafting, way))
  if (through === null && uniqueKeysOf(resource).length > 0) place(drafting, path, 'put', upsert(drafting, way))
  place(drafting, item, 'put', replace(drafting, way))
  place(drafting, item, 'patch', patch(drafting, way))
  place(drafting, item, 'delete', remove(drafting, way))
}

function list(drafting: Drafting, way: Way): Json {
  const { resource } = way
  const { components, options, parameters } = drafting
  return {
    ...head(drafting, way, 'list', `Lists ${placed(way)}`),
    parameters: [
      ...way.above,
      ...listParameters(resource, components, options.limits, parameters),
      shared('If-None-Match'),
      shared('Min-Position'),
      ...(options.live ? [shared('Last-Event-ID')] : []),
    ],
    responses: {
      200: streamed(drafting, rowsAnswer('A page of the list.', rowsOf(drafting, resource, 'list'), ...LIST_HEADERS)),
      304: response('There is nothing newer.', null, 'ETag', 'Position', 'Cache-Control', 'Vary'),
      ...refusing(400, ...who(drafting), ...(way.through ? [404] : []), 406),
    },
  }
}

/** OpenAPI 3.1 cannot describe QUERY; 3.2 can. Until then it is an extension. */
function search(drafting: Drafting, way: Way): Json {
  const { components, options } = drafting
  const { resource } = way
  const body = { schema: querySchema(resource, components, options.limits) }
  return {
    ...head(drafting, way, 'list', `Lists ${placed(way)}, with the query in the body (RFC 10008)`, 'query'),
    parameters: [...way.above],
    requestBody: { required: true, content: { 'application/json': body } },
    responses: {
      200: rowsAnswer('A page of the list.', rowsOf(drafting, resource, 'list'), ...LIST_HEADERS),
      ...refusing(400, ...who(drafting), ...(way.through ? [404] : []), 406, 415),
    },
  }
}

function get(drafting: Drafting, way: Way): Json {
  const { options } = drafting
  const rows = rowsOf(drafting, way.resource, 'one')
  const conditions = [shared('If-None-Match'), shared('If-Modified-Since'), shared('Min-Position')]
  return {
    ...head(drafting, way, 'get', `Shows one row of ${placed(way)}`),
    parameters: [
      ...itemParameters(way),
      ...shapeParameters(way.resource),
      ...conditions,
      ...(options.live ? [shared('Last-Event-ID')] : []),
    ],
    responses: {
      200: streamed(drafting, rowsAnswer('The row.', rows, ...ROW_HEADERS, ...(way.through ? LOCATED : []))),
      304: response('There is nothing newer.', null, 'ETag', 'Last-Modified', 'Position', 'Cache-Control', 'Vary'),
      ...refusing(400, ...who(drafting), 404, 406),
    },
  }
}

function create(drafting: Drafting, way: Way): Json {
  const { resource, through } = way
  const { components } = drafting
  const body = { $ref: components.refer(resource, 'create', through && impliedBy(through)) }
  const keyed = resource.options.idempotency === 'required'
  return {
    ...head(drafting, way, 'create', `Creates one or several rows of ${placed(way)}, all or nothing`),
    parameters: [...way.above, ...writeParameters(resource, keyed ? ['Idempotency-Key'] : [], ['Idempotency-Key'])],
    requestBody: {
      required: true,
      content: {
        'application/json': { schema: { anyOf: [body, { type: 'array', items: body }] } },
        ...formContent(resource),
      },
    },
    responses: {
      201: rowsAnswer(
        'The new row, or rows.',
        rowsOf(drafting, resource, 'either'),
        'Location',
        ...ROW_HEADERS,
        'Position',
        'Preference-Applied',
      ),
      ...refusing(400, ...who(drafting), ...(through ? [404] : []), 409, 413, 415, 422, ...(keyed ? [428] : [])),
    },
  }
}

function upsert(drafting: Drafting, way: Way): Json {
  const { resource } = way
  const keys = uniqueKeysOf(resource)
  const names = [...new Set(keys.flat())]
  const said = keys.map(key => key.map(name => `\`${name}\``).join(' and ')).join('; or ')
  return {
    ...head(
      drafting,
      way,
      'replace',
      `Replaces the row of ${placed(way)} that a unique key names, or creates it`,
      'upsert',
    ),
    parameters: [
      ...names.map(name => {
        const { type } = getOrThrow(resource.field, name)
        return query(name, `Part of a unique key. Name exactly one: ${said}.`, type ? type.schema : {})
      }),
      ...writeParameters(resource, ...conditionsOf(resource)),
    ],
    requestBody: requestBody({ $ref: drafting.components.refer(resource, 'replace') }),
    responses: { ...written(drafting, way, true), ...refusing(...refusalsOf(drafting, resource), 413, 415) },
  }
}

function replace(drafting: Drafting, way: Way): Json {
  const { resource } = way
  const { client } = resource.id.def
  const made = client === true || client === 'put'
  return {
    ...head(drafting, way, 'replace', `Replaces a row of ${placed(way)}${made ? ', or creates it' : ''}`),
    parameters: [...itemParameters(way), ...writeParameters(resource, ...conditionsOf(resource))],
    requestBody: requestBody({ $ref: drafting.components.refer(resource, 'replace') }),
    responses: { ...written(drafting, way, made), ...refusing(...refusalsOf(drafting, resource), 413, 415) },
  }
}

function patch(drafting: Drafting, way: Way): Json {
  const { resource } = way
  const merge = { schema: { $ref: drafting.components.refer(resource, 'patch') } }
  return {
    ...head(drafting, way, 'patch', `Changes the named fields of a row of ${placed(way)}`),
    parameters: [...itemParameters(way), ...writeParameters(resource, ...conditionsOf(resource))],
    requestBody: {
      required: true,
      content: {
        'application/json': merge,
        'application/merge-patch+json': merge,
        'application/json-patch+json': { schema: { $ref: '#/components/schemas/JsonPatch' } },
        ...formContent(resource),
      },
    },
    responses: { ...written(drafting, way, false), ...refusing(...refusalsOf(drafting, resource), 413, 415) },
  }
}

function remove(drafting: Drafting, way: Way): Json {
  const { resource } = way
  const [required, optional] = conditionsOf(resource)
  return {
    ...head(drafting, way, 'delete', `Deletes a row of ${placed(way)}, and rows that depend on it`),
    parameters: [...itemParameters(way), ...conditionParameters(required, optional)],
    responses: {
      204: response('It is gone.', null, 'Cache-Control', 'Position'),
      ...refusing(...refusalsOf(drafting, resource)),
    },
  }
}

const LIST_HEADERS = 'ETag Link X-Total-Count Position Ids Cache-Control Vary X-Request-Id'.split(' ')
const ROW_HEADERS = 'ETag Last-Modified Position Cache-Control Vary X-Request-Id'.split(' ')
const LOCATED = ['Content-Location'] as const

const needs: Readonly<Record<string, Need>> = { create: 'create', replace: 'write', patch: 'write', delete: 'delete' }

function head(drafting: Drafting, way: Way, operation: string, summary: string, verb: string = operation): Json {
  const { resource, through } = way
  return {
    operationId: drafting.operationId(verb + way.name),
    tags: [resource.title],
    summary,
    security: securityOf(resource, needs[operation] ?? 'read', Object.keys(drafting.options.schemes)),
    'x-resource': resource.name,
    'x-operation': operation,
    ...(through === null ? {} : { 'x-through': `${through.owner.name}.${through.name}` }),
  }
}

const placed = ({ resource, through }: Way): string =>
  through === null ? `\`${resource.name}\`` : `the \`${through.name}\` of a \`${through.owner.name}\``

const who = ({ options }: Drafting): readonly number[] => (Object.keys(options.schemes).length > 0 ? [401, 403] : [])

function rowsOf(
  { components }: Drafting,
  resource: Resource,
  many: 'one' | 'list' | 'either',
): Parameters<typeof rowsAnswer>[1] {
  const shaped = { anyOf: [resource.idType.schema, { $ref: components.referShaped(resource) }] }
  return { row: { $ref: components.refer(resource, 'row') }, shaped, many }
}

function itemParameters(way: Way): readonly Json[] {
  const { resource, above, id } = way
  return [...above, pathParameter(id, `The id of the ${resource.name}.`, resource.idType.schema)]
}

/** The conditions that a write must state, and those that it may state. */
function conditionsOf(resource: Resource): readonly [readonly string[], readonly string[]] {
  const { ifMatch } = resource.options
  return [ifMatch === 'required' ? ['If-Match'] : [], ['If-Match', 'If-Unmodified-Since', 'Idempotency-Key']]
}

function writeParameters(
  resource: Resource,
  required: readonly string[],
  optional: readonly string[],
): readonly Json[] {
  return [...shapeParameters(resource), ...conditionParameters(required, optional), shared('Prefer')]
}

function conditionParameters(required: readonly string[], optional: readonly string[]): readonly Json[] {
  return [
    ...required.map(name => ({ name, in: 'header', required: true, schema: { type: 'string' } })),
    ...optional.filter(name => !required.includes(name)).map(shared),
  ]
}

function requestBody(schema: Json): Json {
  return { required: true, content: { 'application/json': { schema } } }
}

function written(drafting: Drafting, way: Way, made: boolean): Json {
  const rows = rowsOf(drafting, way.resource, 'one')
  const fields = [...ROW_HEADERS, 'Preference-Applied'] as const
  return {
    200: rowsAnswer('The row as it is now.', rows, ...fields),
    ...(made ? { 201: rowsAnswer('The new row.', rows, 'Location', ...fields) } : {}),
    204: response('Done; `Prefer: return=minimal` was followed.', null, 'ETag', 'Position', 'Preference-Applied'),
  }
}

function refusalsOf(drafting: Drafting, resource: Resource): readonly number[] {
  return [400, ...who(drafting), 404, 409, 412, 422, ...(resource.options.ifMatch === 'required' ? [428] : [])]
}

/** Adds the same URI as a stream (WHATWG HTML §9.2). */
function streamed(drafting: Drafting, one: Json): Json {
  if (!drafting.options.live) return one
  const schema = {
    type: 'string',
    description:
      'Server-Sent Events: `snapshot` (an array of rows; the last part is `ready`), then `created`, `updated` and `deleted` ' +
      'for each change, or `reset` if the log no longer reaches back. `id` is the position for Last-Event-ID.',
  }
  return { ...one, content: { ...(one['content'] as Json), 'text/event-stream': { schema } } }
}
