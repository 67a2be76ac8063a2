/**
 * The one table of error codes. A code is a stable part of the API in every protocol; its text may change. `status` is the
 * status that HTTP answers with (RFC 9110 §15), `title` the title of the problem document (RFC 9457 §3.1.3).
 */
export const codes = {
  bad_request: { status: 400, title: 'The request cannot be understood' },
  bad_json: { status: 400, title: 'The body is not valid JSON' },
  duplicate_key: { status: 400, title: 'A JSON object names a member twice' },
  bad_encoding: { status: 400, title: 'The text is not valid Unicode' },
  validation: { status: 400, title: 'The content is not valid' },
  read_only: { status: 400, title: 'A field may not be set' },
  vague: { status: 400, title: 'The request claims two things at once' },
  unknown_param: { status: 400, title: 'A parameter is not known' },
  forbidden_field: { status: 400, title: 'A field may not be used here' },
  too_complex: { status: 400, title: 'The request asks too much at once' },
  depth_exceeded: { status: 400, title: 'The JSON is nested too deeply' },
  too_many_items: { status: 400, title: 'An array is too long' },
  too_many_keys: { status: 400, title: 'An object has too many members' },
  unknown_op: { status: 400, title: 'The operation is not known' },
  unauthenticated: { status: 401, title: 'Authentication is required' },
  token_expired: { status: 401, title: 'The token has expired' },
  forbidden: { status: 403, title: 'This is not allowed' },
  forbidden_origin: { status: 403, title: 'This origin is not allowed' },
  insufficient_scope: { status: 403, title: 'The token does not cover this' },
  not_found: { status: 404, title: 'There is nothing here' },
  method_not_allowed: { status: 405, title: 'The method is not allowed here' },
  not_acceptable: { status: 406, title: 'No representation fits' },
  conflict: { status: 409, title: 'The request conflicts with the current state' },
  gone: { status: 410, title: 'This is no longer here' },
  precondition_failed: { status: 412, title: 'The resource has changed' },
  payload_too_large: { status: 413, title: 'The content is too large' },
  uri_too_long: { status: 414, title: 'The URI is too long' },
  unsupported_media_type: { status: 415, title: 'The media type is not supported' },
  unsupported_encoding: { status: 415, title: 'The content coding is not supported' },
  range_not_satisfiable: { status: 416, title: 'The file is shorter than that' },
  idempotency_mismatch: { status: 422, title: 'The key was used for another request' },
  precondition_required: { status: 428, title: 'A precondition is required' },
  rate_limited: { status: 429, title: 'Too many requests' },
  too_many_subscriptions: { status: 429, title: 'Too many subscriptions' },
  too_many_rows: { status: 429, title: 'Too many rows' },
  headers_too_large: { status: 431, title: 'The header section is too large' },
  internal: { status: 500, title: 'Internal error' },
  not_implemented: { status: 501, title: 'The method is not known' },
  unavailable: { status: 503, title: 'The service is not available' },
  outcome_unknown: { status: 503, title: 'It is not known whether the write happened' },
} as const

export type Code = keyof typeof codes

/** What can be wrong with one part of a request: the `code` of an entry in a problem's `errors`. */
export type IssueCode =
  | 'required'
  | 'type'
  | 'range'
  | 'length'
  | 'format'
  | 'enum'
  | 'unique'
  | 'reference'
  | 'restrict'
  | 'read_only'
  | 'unknown_field'
  | 'unknown_operator'
  | 'unknown_param'
  | 'duplicate'
  | 'check'
  | 'forbidden_field'
  | 'vague'
