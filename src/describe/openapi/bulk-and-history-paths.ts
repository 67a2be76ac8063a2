import type { Resource } from '../../model/model.ts'
import { response, refusing, rowsAnswer, type Json } from './answers.ts'
import { place, type Drafting, type OperationHead } from './drafting.ts'
import { listParameters, pathParameter, query, shared } from './parameters.ts'
import { securityOf } from './security.ts'

/** Describes the history of rows, and PATCH and DELETE of all rows that a filter selects. */
export function describeFurther(drafting: Drafting, resource: Resource): void {
  const fixed = resource.options.readOnly
  for (const path of resource.paths) {
    if (!resource.field.has('history')) place(drafting, `${path}/{id}/history`, 'get', history(drafting, resource))
    if (fixed || !resource.options.bulk) continue
    place(drafting, path, 'patch', patchRows(drafting, resource))
    place(drafting, path, 'delete', deleteRows(drafting, resource))
  }
}

function history(drafting: Drafting, resource: Resource): Json {
  const fields = { type: ['object', 'null'] }
  const entry = {
    type: 'object',
    properties: {
      position: { type: 'string' },
      at: { type: 'string', format: 'date-time' },
      operation: { type: 'string', enum: ['create', 'patch', 'delete'] },
      data: { ...fields, description: 'The stored fields after it.' },
      before: { ...fields, description: 'The stored fields before it.' },
      unknown: {
        type: 'array',
        items: { type: 'string' },
        description: 'Fields that are null because their value is not known in their present type.',
      },
      lists: { type: 'object', description: 'Ids that were added to or removed from its to-many relations.' },
    },
    required: ['position', 'at', 'operation', 'data', 'before'],
  }
  return {
    ...head(drafting, resource, {
      need: 'read',
      word: 'history',
      summary: `What happened to a row of \`${resource.name}\`, newest first`,
    }),
    parameters: [
      pathParameter('id', `The id of the ${resource.name}.`, resource.idType.schema),
      query('before', 'Continues before this position.', { type: 'string' }),
      query('limit', 'Entries of a page.', { type: 'integer', minimum: 1 }),
      shared('If-None-Match'),
    ],
    responses: {
      200: response('The history.', { type: 'array', items: entry }, 'ETag', 'Link', 'Cache-Control', 'X-Request-Id'),
      304: response('There is nothing newer.', null, 'ETag', 'Cache-Control'),
      ...refusing(400, ...who(drafting), 404, 406),
    },
  }
}

function patchRows(drafting: Drafting, resource: Resource): Json {
  const { components } = drafting
  const body = { schema: { $ref: components.refer(resource, 'patch') } }
  const shaped = { anyOf: [resource.idType.schema, { $ref: components.referShaped(resource) }] }
  const rows = { row: { $ref: components.refer(resource, 'row') }, shaped, many: 'list' as const }
  return {
    ...head(drafting, resource, {
      need: 'write',
      word: 'patchMany',
      summary: `Changes all rows of \`${resource.name}\` that a filter selects`,
    }),
    parameters: selecting(drafting, resource),
    requestBody: { required: true, content: { 'application/json': body, 'application/merge-patch+json': body } },
    responses: {
      200: rowsAnswer('The rows as they are now.', rows, 'Cache-Control', 'Position'),
      204: response('Done; `Prefer: return=minimal` was followed.', null, 'Position', 'Preference-Applied'),
      ...refusing(400, ...who(drafting), 409, 412, 413, 415, 422, 428),
    },
  }
}

function deleteRows(drafting: Drafting, resource: Resource): Json {
  return {
    ...head(drafting, resource, {
      need: 'delete',
      word: 'deleteMany',
      summary: `Deletes all rows of \`${resource.name}\` that a filter selects`,
    }),
    parameters: selecting(drafting, resource),
    responses: {
      200: response('What was deleted; `Prefer: return=representation` was followed.', {}, 'Position'),
      204: response('They are gone.', null, 'Position', 'Cache-Control'),
      ...refusing(400, ...who(drafting), 409, 412, 422, 428),
    },
  }
}

/** The conditions of a list, without the parameters for paging. */
function selecting({ components, options, parameters }: Drafting, resource: Resource): readonly Json[] {
  const conditions = listParameters(resource, components, options.limits, parameters).filter(
    one => one['name'] === 'filter' || /parameters\/.+\..+\./.test(String(one['$ref'])),
  )
  const match =
    resource.options.ifMatch === 'required'
      ? { name: 'If-Match', in: 'header', required: true, schema: { type: 'string' } }
      : shared('If-Match')
  return [...conditions, match, shared('Idempotency-Key'), shared('Prefer')]
}

const who = ({ options }: Drafting): readonly number[] => (Object.keys(options.schemes).length > 0 ? [401, 403] : [])

function head(drafting: Drafting, resource: Resource, { need, word, summary }: OperationHead): Json {
  return {
    operationId: drafting.operationId(word + resource.title),
    tags: [resource.title],
    summary,
    security: securityOf(resource, need, Object.keys(drafting.options.schemes)),
    'x-resource': resource.name,
    'x-operation': word,
  }
}
