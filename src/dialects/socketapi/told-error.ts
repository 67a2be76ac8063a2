import { ApiError } from '../../protocol/error.ts'
import { camelCase, capital } from '../../model/link/uri-names.ts'

/** An error in the dialect: the name of a class and a text. */
export interface ToldError {
  /** `api_error` for what the client did wrong, `server_error` for the rest. */
  readonly event: 'api_error' | 'server_error'
  readonly payload: { readonly error: string; readonly message: string | null }
}

/** What a client is told of something thrown; the text of what is ours only while debugging. */
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

/** The ancestor's classes where they fit; others are named after the code. */
function nameOf({ code, error, status }: ApiError): string {
  if (error !== code) return error
  if (code === 'not_found') return 'NotFoundError'
  return status === 400 ? 'InvalidRequestError' : `${capital(camelCase(code, code))}Error`
}

function classOf(error: Error): string {
  return error.name === 'Error' ? error.constructor.name : error.name
}
