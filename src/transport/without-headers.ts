import { ApiError, type Issue } from '../protocol/error.ts'

/** Members of messages on sockets that say what header fields of a request do. */
const places: Readonly<Record<string, string>> = { 'idempotency-key': '#/key', 'if-match': '#/ifMatch' }

/** An error as it is told on sockets: what is wrong with a header field is wrong with the member of the message there. */
export function withoutHeaders(error: ApiError): ApiError {
  if (!error.issues.some(({ header }) => header !== undefined)) return error
  const { code, status, error: word, headers, members } = error
  return new ApiError(code, {
    issues: error.issues.map(inMessage),
    status,
    error: word,
    headers,
    members,
    cause: error,
  })
}

function inMessage(issue: Issue): Issue {
  const { header, ...rest } = issue
  const pointer = header === undefined ? undefined : places[header]
  return pointer === undefined ? issue : { ...rest, pointer }
}
