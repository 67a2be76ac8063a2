import { servedPath } from '../options.ts'
import { refusing, response, type Json } from './answers.ts'
import { place, type Drafting } from './drafting.ts'

const text = { type: 'string' }

/** Describes `POST /batch`, unless it is switched off. */
export function describeBatch(drafting: Drafting): void {
  const path = servedPath(drafting.options.paths, 'batch')
  if (path === null) return
  const name = { type: 'string', minLength: 1, maxLength: 64 }
  const call: Json = {
    type: 'object',
    properties: {
      id: { ...name, description: 'Later bodies refer to the row that the call has made by `{"$ref": "…"}`.' },
      method: { enum: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] },
      uri: { type: 'string', format: 'uri-reference' },
      body: {},
      headers: { type: 'object', properties: { 'If-Match': text, 'If-None-Match': text } },
    },
    required: ['method', 'uri'],
    additionalProperties: false,
  }
  const outcome: Json = {
    type: 'object',
    properties: { id: name, status: { type: 'integer', minimum: 200, maximum: 399 }, body: {}, etag: text },
    required: ['status', 'body'],
  }
  const first = [...drafting.model.resources.values()].find(one => one.paths.length > 0)
  const examples = first ? [[{ method: 'GET', uri: first.paths[0]! }]] : []
  const calls = { type: 'array', items: call, minItems: 1, maxItems: 100, examples }
  const keyed = ['Idempotency-Key', 'Min-Position'].map(one => ({ $ref: `#/components/parameters/${one}` }))
  place(drafting, path, 'post', {
    operationId: drafting.operationId('batch'),
    tags: ['API'],
    summary: 'Makes several calls in one transaction, all or nothing',
    parameters: keyed,
    requestBody: { required: true, content: { 'application/json': { schema: calls } } },
    responses: {
      200: response('The outcomes, in the order of the calls.', { type: 'array', items: outcome }, 'Position'),
      ...refusing(400, 401, 403, 404, 409, 412, 415, 422),
    },
  })
}
