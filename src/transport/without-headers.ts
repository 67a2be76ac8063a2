import { ApiError, type Issue } from '../protocol/error.ts'

/** The members of socket messages that correspond to header fields. */
const places: Readonly<Record<string, string>> = { 'idempotency-key': '#/key', 'if-match': '#/ifMatch' }

/** An error for sockets: issues about header fields become issues about members of the message. */
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
