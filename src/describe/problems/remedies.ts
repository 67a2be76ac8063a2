import type { Code, IssueCode } from '../../protocol/codes.ts'

/** Why a request is refused with a code, and what helps. Both are Markdown with nothing but `code`. */
export interface Remedy {
  readonly cause: string
  readonly remedy: string
}

const remedy = (cause: string, remedy: string): Remedy => ({ cause, remedy })

/** The cause and the remedy of each error code, for the pages at `/problems` and for the reference. */
export const remedies: Readonly<Record<Code, Remedy>> = {
  bad_request: remedy(
    'The request does not follow the rules of its protocol: a malformed header field, a message without its members, a form that ends too early.',
    'Read `detail`, and `errors` if it is there. Libraries for HTTP and WebSockets get this right by themselves.',
  ),
  bad_json: remedy(
    'The body is not JSON, or it is empty where a value is needed.',
    'Make the body with `JSON.stringify`. `detail` has the place of the first error.',
  ),
  duplicate_key: remedy(
    'A JSON object in the body has the same member twice. Programs disagree about which one counts.',
    'Send each member once.',
  ),
  bad_encoding: remedy(
    'A text is not valid UTF-8, or a part of the URI is not correctly percent-encoded.',
    'Encode texts as UTF-8, and parts of URIs with `encodeURIComponent`.',
  ),
  validation: remedy(
    'The content does not fit the declaration. `errors` lists every fault with its place: a `pointer` into the body, a `parameter` or a `header`.',
    'Correct what `errors` names. A form can show each `detail` beside its input.',
  ),
  read_only: remedy(
    'The body sets a field that only the server sets: `.readonly()`, a calculated field, a part of the key.',
    'Leave the field out, or send it back unchanged.',
  ),
  vague: remedy(
    'Two parts of the request contradict each other, for instance both sides of a relation, or `cursor` together with `offset`.',
    'Say it once.',
  ),
  unknown_param: remedy(
    'The URI has a parameter that is neither a field nor a word of queries. Unknown names are refused because most of them are misspelt.',
    'Correct the name. Newer clients of older servers send `Prefer: handling=lenient`.',
  ),
  forbidden_field: remedy(
    'A filter or a sort key uses a field that this caller may not read, or whose type has no such comparison.',
    'Leave it out, or change the rule of the field.',
  ),
  too_complex: remedy(
    'The query would look at more rows than `limits.visitedRows`, or the filter is larger or deeper than the limits allow.',
    'Declare the index that `index` names (`.index(…)`), or ask for less at once.',
  ),
  depth_exceeded: remedy(
    'The JSON of the body has more levels than `limits.jsonDepth`.',
    'Send flatter data, or raise the limit.',
  ),
  too_many_items: remedy(
    'A list of the body is longer than `limits.items` or its field allows, or the body creates more rows than `limits.bulk`.',
    'Send several requests, or raise the limit.',
  ),
  too_many_keys: remedy(
    'An object of the body has more members than `limits.keys`, or all of them together have more than `limits.totalKeys`.',
    'Send several requests, or raise the limit.',
  ),
  unknown_op: remedy(
    'A message on a socket, or a call in code, names an operation or action that does not exist.',
    'Correct the name: `detail` lists what there is.',
  ),
  unauthenticated: remedy(
    'The request has no credentials, or ones that are not valid, and the resource is not open to everybody.',
    'Log in and send the token: `Authorization: Bearer …`. If the resource is meant for everybody, give it a rule with `always`, or `.public()`.',
  ),
  token_expired: remedy(
    'The token was valid and has expired.',
    'Get a new one at `/auth/refresh`. The clients of Restuary do that by themselves.',
  ),
  forbidden: remedy(
    'The caller is known and may see the row, but no rule lets them do this.',
    'Log in as somebody who may, or change the rule. `restuary dev` prints which part of it refused.',
  ),
  forbidden_origin: remedy(
    'A page of another origin sent a cookie. Without this check, any page could act for your users.',
    'List the origin in `auth.cookie.origins`, or send a token instead of the cookie.',
  ),
  insufficient_scope: remedy(
    'The token lacks a scope that this operation needs. `WWW-Authenticate` names one that would do.',
    'Log in again and ask for that scope.',
  ),
  not_found: remedy(
    'There is nothing at this URI, or no rule lets this caller see it. Both get the same answer, so that nobody learns what is hidden.',
    'Check the path with `restuary routes`, and the rule for `read`. `restuary dev` tells both cases apart.',
  ),
  method_not_allowed: remedy(
    'There is something at this URI, but not with this method. `Allow` lists its methods.',
    'Use another method. `PATCH` and `DELETE` of a whole list need `bulk: true` on the resource.',
  ),
  not_acceptable: remedy(
    'The answer exists in none of the media types that `Accept` names.',
    'Ask for one of `available`, or leave `Accept` out to get JSON.',
  ),
  conflict: remedy(
    'The write contradicts rows that are there: a unique value is taken, or other rows still refer to the row.',
    '`errors` names the fields. Choose another value, or delete or move the other rows first.',
  ),
  gone: remedy(
    'What was asked for is no longer kept: a position that the change log has left behind, or a resource after its sunset.',
    'Read the present state anew. For a resource that was retired, `Link` names its successor.',
  ),
  precondition_failed: remedy(
    'The row was changed since it was read, so `If-Match` does not match. The problem has the `current` row.',
    'Look at `current`, apply the change to it, and send it again with the new `etag`.',
  ),
  payload_too_large: remedy(
    'The body is larger than `limits.body`, a file larger than `max` of its field, or a message larger than `limits.message`.',
    'Send less at once, or raise the limit. A proxy may have a limit of its own.',
  ),
  uri_too_long: remedy(
    'The URI has more bytes than `limits.url`.',
    'Send the query as the JSON body of the method `QUERY`.',
  ),
  unsupported_media_type: remedy(
    'The body has no `Content-Type`, or one that this URI does not take. `curl -d` sends a form unless told otherwise.',
    'Send `Content-Type: application/json`. `Accept-Post` and `Accept-Patch` list what is taken.',
  ),
  unsupported_encoding: remedy(
    'The body has a `Content-Encoding` that the server does not take here. `Accept-Encoding` of the response lists what it takes.',
    'Send the body uncompressed.',
  ),
  range_not_satisfiable: remedy(
    'The requested part begins behind the end of the file. `Content-Range` has its size.',
    'Ask for a part within the file.',
  ),
  idempotency_mismatch: remedy(
    'The `Idempotency-Key` was used for a different request before.',
    'Make a new key for each new write, and repeat it only with the same content.',
  ),
  precondition_required: remedy(
    'The resource was declared with `ifMatch: "required"`, and the write does not say which version it replaces.',
    'Read the row, and send its `ETag` as `If-Match`.',
  ),
  rate_limited: remedy(
    'The caller has used up a rate limit, or failed to log in too often.',
    'Wait for `Retry-After` seconds (`retryAfter` on sockets).',
  ),
  too_many_subscriptions: remedy(
    'The connection has as many subscriptions as `limits.subscriptions` allows.',
    'Unsubscribe from what is not shown, or follow a list in place of its rows.',
  ),
  too_many_rows: remedy(
    'An ephemeral resource has as many rows as `max` allows, or this caller has made as many as `each` allows.',
    'Wait until rows expire, or raise the bound in the declaration.',
  ),
  headers_too_large: remedy(
    'The header fields are more than `limits.headers`, or have more bytes than `limits.headerBytes`.',
    'Delete cookies of this host, or send fewer fields.',
  ),
  internal: remedy(
    'The server has a fault. Its log has the cause, with the same `requestId`.',
    'Tell whoever runs the server the `requestId`.',
  ),
  not_implemented: remedy('The server does not know the method.', 'Use a method that `Allow` lists.'),
  unavailable: remedy(
    'The server cannot answer now: it is overloaded, shuts down, or its store does not answer.',
    'Try again after `Retry-After` seconds. If it stays so, see `/health/ready` and the log.',
  ),
  outcome_unknown: remedy(
    'The connection to the store broke while the write was being committed. It may or may not have happened.',
    'Read the row, or send the write again with the same `Idempotency-Key`.',
  ),
}

/** What the `code` of one entry in `errors` means. */
export const issueMeanings: Readonly<Record<IssueCode, string>> = {
  required: 'a value is missing',
  type: 'the value has another type than the field',
  range: 'the number, date or length of a list is out of bounds',
  length: 'the text is too short or too long',
  format: 'the text does not have the form of the type, or does not match the pattern',
  enum: 'the value is not one of those that are allowed',
  unique: 'another row has this value',
  reference: 'the relation names a row that is not there, or that the caller may not see',
  restrict: 'other rows still refer to this row',
  read_only: 'only the server sets this field',
  unknown_field: 'there is no such field; most often it is misspelt',
  unknown_operator: 'the field does not have this comparison',
  unknown_param: 'there is no such parameter; most often it is misspelt',
  duplicate: 'the same thing is given twice',
  check: 'the value does not pass the `check` of the declaration; `detail` has its words',
  forbidden_field: 'the field may not be used here',
  vague: 'two parts of the request contradict each other',
}
