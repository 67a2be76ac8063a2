import { ApiError } from '../protocol/error.ts'
import type { Answered, HeaderLines, Outcome } from './call.ts'

/** An outcome that brings header lines along, whatever it is. */
export function carrying(outcome: Outcome, lines: HeaderLines): Outcome {
  if (outcome.kind !== 'failure') return { ...outcome, headers: [...(outcome.headers ?? []), ...lines] }
  const { code, status, error, message: detail, issues, headers, members, cause } = outcome.error
  const told = { status, error, detail, issues, members, headers: { ...headers, ...Object.fromEntries(lines) } }
  return { kind: 'failure', error: new ApiError(code, cause === undefined ? told : { ...told, cause }) }
}

/** A header field of the answer of an action; undefined if it is not there. */
export function fieldOf({ headers }: Answered, name: string): string | undefined {
  return headers.find(line => line[0] === name)?.[1]
}
