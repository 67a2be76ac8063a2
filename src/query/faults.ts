import type { Code, IssueCode } from '../protocol/codes.ts'
import { ApiError, type Issue } from '../protocol/error.ts'

/**
 * The place of something in a request: a query parameter, a place in a JSON body, or a place in a parameter that contains JSON.
 */
export type FaultPlace = { readonly parameter: string; readonly pointer?: string } | { readonly pointer: string }

/** A place that is computed only if something is wrong there. */
export type Locate = () => FaultPlace

/** Collects everything that is wrong with a query, so that one answer reports all of it. */
export interface Faults {
  readonly issues: Issue[]
}

/** Notes a fault of a query. Reading goes on after it, so that the client learns all faults at once. */
export function note(faults: Faults, code: IssueCode, where: Locate, detail: string): void {
  faults.issues.push({ code, detail, ...where() })
}

/** Throws the collected faults, if there are any. The code is the one that all issues share, else `validation`. */
export function throwFaults(faults: Faults): void {
  const [first] = faults.issues
  if (!first) return
  const code: Code = first.code === 'unknown_param' || first.code === 'forbidden_field' ? first.code : 'validation'
  throw new ApiError(faults.issues.every(issue => issue.code === first.code) ? code : 'validation', {
    issues: faults.issues,
  })
}
