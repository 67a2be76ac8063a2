import { ApiError } from '../../protocol/error.ts'
import type { Answered, HeaderLines, Outcome } from './call.ts'

/** A copy of an outcome, errors included, with more header fields. */
export function withHeaders(outcome: Outcome, lines: HeaderLines): Outcome {
  if (outcome.kind !== 'failure') return { ...outcome, headers: [...(outcome.headers ?? []), ...lines] }
  const { code, status, error, message: detail, issues, headers, members, cause } = outcome.error
  const told = { status, error, detail, issues, members, headers: { ...headers, ...Object.fromEntries(lines) } }
  return { kind: 'failure', error: new ApiError(code, cause === undefined ? told : { ...told, cause }) }
}

/** A header field of an action's response; undefined if it has none of that name. */
export function headerOf({ headers }: Answered, name: string): string | undefined {
  return headers.find(line => line[0] === name)?.[1]
}

/** The outcome as a plain value. Throws the ApiError of a failure. */
export function valueOf(outcome: Outcome): unknown {
  switch (outcome.kind) {
    case 'item':
    case 'list':
      return JSON.parse(outcome.body) as unknown
    case 'value':
      return outcome.value
    case 'gone':
    case 'unchanged':
      return null
    case 'failure':
      throw outcome.error
  }
}

/** The HTTP status of an outcome. */
export function statusOf(outcome: Outcome): number {
  switch (outcome.kind) {
    case 'item':
      return outcome.created ? 201 : 200
    case 'list':
      return 200
    case 'gone':
      return 204
    case 'unchanged':
      return 304
    case 'value':
      return outcome.status
    case 'failure':
      return outcome.error.status
  }
}
