import { ApiError } from '../../protocol/error.ts'
import { camelCase, capital } from '../../model/link/uri-names.ts'

/** An error in the words of Flask-SocketAPI: the name of a class, and a text. */
export interface ToldError {
  /** `api_error` for faults of the client, `server_error` for others. */
  readonly event: 'api_error' | 'server_error'
  readonly payload: { readonly error: string; readonly message: string | null }
}

/** What a client is told about an error. The text of a server's fault is only sent while debugging. */
export function toldError(thrown: unknown, debug: boolean): ToldError {
  if (thrown instanceof ApiError && thrown.status < 500) {
    return { event: 'api_error', payload: { error: nameOf(thrown), message: thrown.message } }
  }
  const cause = thrown instanceof ApiError ? thrown.cause : thrown
  if (thrown instanceof ApiError && thrown.code !== 'internal') {
    return { event: 'server_error', payload: { error: nameOf(thrown), message: thrown.message } }
  }
  const error = cause instanceof Error ? classOf(cause) : 'Error'
  const text = cause instanceof Error ? cause.message : String(cause)
  return { event: 'server_error', payload: { error, message: debug ? text : null } }
}

/** The name of the class in Flask-SocketAPI, if there is one. Otherwise it is made from the code. */
function nameOf({ code, error, status }: ApiError): string {
  if (error !== code) return error
  if (code === 'not_found') return 'NotFoundError'
  return status === 400 ? 'InvalidRequestError' : `${capital(camelCase(code, code))}Error`
}

function classOf(error: Error): string {
  return error.name === 'Error' ? error.constructor.name : error.name
}
