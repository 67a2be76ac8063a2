import { isObject } from '../object.ts'

/** The code of a problem, and those of its issues; none if it is no problem. */
export function codesOf(problem: unknown): string[] {
  if (!isObject(problem) || problem['error'] === undefined) return []
  const { error, errors } = problem
  const issues: unknown[] = Array.isArray(errors) ? errors : []
  return [String(error), ...issues.map(issue => (isObject(issue) ? String(issue['code']) : ''))]
}

/** Classes of codes that the file calls otherwise, by transport. */
const synonyms: Readonly<Record<string, readonly string[]>> = {
  readonly: ['read_only'],
  header_too_large: ['headers_too_large'],
  forbidden_key: ['forbidden_field'],
  bad_message: ['bad_request'],
  timeout: ['request_timeout'],
}

/** Whether one of the classes that are listed is among the codes that came. */
export function fits(codes: readonly string[], listed: readonly string[]): boolean {
  return listed.some(code => [code, ...(synonyms[code] ?? [])].some(one => codes.includes(one)))
}
