import type { JsonSchema } from '../../schema/json-schema.ts'

export type Json = Readonly<Record<string, unknown>>

const text: JsonSchema = { type: 'string' }
const seconds: JsonSchema = { type: 'integer', minimum: 0 }
const header = (description: string, schema: JsonSchema = text): Json => ({ description, schema })

/** The header fields of answers. */
export const headers: Readonly<Record<string, Json>> = {
  ETag: header('The version that is shown (RFC 9110 §8.8.3); for If-Match and If-None-Match.'),
  'Last-Modified': header('When that version was written. It is missing in the second of the change.'),
  'Accept-Ranges': header('Ranges of bytes can be requested.'),
  'Content-Range': header('Which bytes these are, and how many there are.'),
  'Content-Disposition': header('The name of the file, and whether it is shown or saved (RFC 6266).'),
  Link: header('Other pages of the list: `first`, `prev`, `next` (RFC 8288).'),
  'X-Total-Count': header('How many rows the filter selects; with `total=true`.', { type: 'integer', minimum: 0 }),
  Location: header('The URI of the new row.', { type: 'string', format: 'uri-reference' }),
  'Content-Location': header('The URI of the row itself.', { type: 'string', format: 'uri-reference' }),
  'Cache-Control': header('How long the answer may be cached (RFC 9111).'),
  Vary: header('The header fields of the request on which the answer depends.'),
  'Preference-Applied': header('Which preferences were followed (RFC 7240).'),
  Position: header('What is shown is that of this position of the change log; for Min-Position and streams.'),
  Ids: header('The ids of the rows as JSON, where `fields` leaves them out.'),
  'X-Request-Id': header('Identifies the request in the log.'),
  Allow: header('The methods that this URI allows.'),
  'Retry-After': header('Seconds to wait before asking again.', seconds),
  'WWW-Authenticate': header('How to send credentials (RFC 6750).'),
}

/** A name in `headers`. */
type Header = string

const refuse = (description: string, ...more: readonly Header[]): Json => ({
  description,
  headers: references('X-Request-Id', ...more),
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
})

/** Refusals by the names of their components. */
export const refusalResponses: Readonly<Record<string, Json>> = {
  BadRequest: refuse('The request is not valid; `errors` tells every fault with its place.'),
  Unauthenticated: refuse('There are no credentials, or they are not valid.', 'WWW-Authenticate'),
  Forbidden: refuse('The caller may not do this.'),
  NotFound: refuse('There is no such row, or the caller may not see it.'),
  NotAcceptable: refuse('No representation fits Accept. `available` lists those that exist.'),
  Conflict: refuse('It conflicts with other rows: a unique value is taken, a row is referred to, a test failed.'),
  PreconditionFailed: refuse('The row is no longer the version that If-Match named.'),
  PayloadTooLarge: refuse('The body is longer than the limit.'),
  UnsupportedMediaType: refuse('The body is in a media type that is not read here.'),
  RangeNotSatisfiable: refuse('The file ends before the range begins.', 'Content-Range'),
  IdempotencyMismatch: refuse('The idempotency key was used for another request.'),
  PreconditionRequired: refuse('This resource requires If-Match for writes, or Idempotency-Key to create rows.'),
  Problem: refuse('Another refusal, or a fault of the server.', 'Retry-After', 'Allow'),
}

const statuses: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthenticated',
  403: 'Forbidden',
  404: 'NotFound',
  406: 'NotAcceptable',
  409: 'Conflict',
  412: 'PreconditionFailed',
  413: 'PayloadTooLarge',
  415: 'UnsupportedMediaType',
  416: 'RangeNotSatisfiable',
  422: 'IdempotencyMismatch',
  428: 'PreconditionRequired',
}

/** The refusals with these statuses. All others are a problem document as well. */
export function refusing(...wanted: readonly number[]): Json {
  const known = wanted.map(status => [status, { $ref: `#/components/responses/${statuses[status]!}` }])
  return { ...Object.fromEntries(known), default: { $ref: '#/components/responses/Problem' } }
}

/** References to header components. */
export function references(...names: readonly Header[]): Json {
  return Object.fromEntries(names.map(name => [name, { $ref: `#/components/headers/${name}` }]))
}

/** An answer with a representation, or without one. */
export function response(description: string, schema: JsonSchema | null, ...names: readonly Header[]): Json {
  return {
    description,
    headers: references(...names),
    ...(schema === null ? {} : { content: { 'application/json': { schema } } }),
  }
}

/**
 * An answer with one or several rows. The schema is that of depth 1 without `fields`, because a schema cannot depend on a
 * parameter. Rows of other shapes are described in an extension.
 */
export function rowsAnswer(
  description: string,
  rows: { readonly row: JsonSchema; readonly shaped: JsonSchema; readonly many: 'one' | 'list' | 'either' },
  ...names: readonly Header[]
): Json {
  const as = (row: JsonSchema): JsonSchema => {
    const list = { type: 'array', items: row }
    return rows.many === 'one' ? row : rows.many === 'list' ? list : { anyOf: [row, list] }
  }
  const content = { schema: as(rows.row), 'x-shaped-schema': as(rows.shaped) }
  return { description, headers: references(...names), content: { 'application/json': content } }
}

/** The document of every refusal (RFC 9457). */
export const problemSchema: JsonSchema = {
  type: 'object',
  title: 'Problem',
  description: 'What went wrong (RFC 9457). `error` is stable; texts are not.',
  properties: {
    type: { type: 'string', format: 'uri-reference' },
    title: text,
    status: { type: 'integer', minimum: 400, maximum: 599 },
    detail: { type: ['string', 'null'] },
    instance: { type: 'string', format: 'uri-reference' },
    error: { type: ['string', 'null'], description: 'The code of the error.', examples: ['validation'] },
    message: { type: ['string', 'null'], description: 'The same as `detail`.' },
    requestId: { type: 'string', description: 'Identifies the request in the log.' },
    retryAfter: { type: 'integer', minimum: 0, description: 'After how many seconds another try makes sense.' },
    errors: {
      type: 'array',
      description: 'Every fault with its place: a pointer into the body, a parameter or a header field.',
      items: {
        type: 'object',
        properties: {
          code: { type: 'string', examples: ['required'] },
          detail: text,
          pointer: { type: 'string', description: 'RFC 6901, in the form of a URI fragment.', examples: ['#/title'] },
          parameter: text,
          header: text,
        },
        required: ['code', 'detail'],
      },
    },
  },
  required: ['type', 'title', 'status'],
}
