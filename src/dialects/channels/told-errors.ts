import type { ApiError, Issue } from '../../protocol/error.ts'
import type { Resource } from '../../model/model.ts'
import { fieldText, pythonType } from './field-texts.ts'
import { words, type Profile } from './profile.ts'
import { isMembers } from './request.ts'

/** The header field that corresponds to the member `key` of a payload. */
const KEY = 'idempotency-key'

/** The answer to a failed request. */
export interface ToldErrors {
  readonly status: number
  /** They go into `errors` as they are. */
  readonly errors: readonly unknown[]
}

/** A failure of a built-in action, in the words of Django REST framework. */
export function toldErrors(error: ApiError, profile: Profile, resource: Resource, data: unknown): ToldErrors {
  const { missing, denied } = words[profile]
  switch (error.code) {
    case 'not_found':
      return { status: 404, errors: [missing] }
    case 'unauthenticated':
    case 'forbidden':
    case 'insufficient_scope':
      return { status: denied.status, errors: [denied.text] }
    case 'validation':
    case 'read_only':
    case 'conflict':
      if (error.issues.length > 0) return { status: 400, errors: [byField(error.issues, resource, data)] }
      return { status: error.status, errors: [error.message] }
    default:
      return actionErrors(error)
  }
}

/** A failure of the application's own action: its status and text. */
export function actionErrors(error: ApiError): ToldErrors {
  if (error.code === 'internal') return { status: 500, errors: ['Internal error'] }
  if (error.issues.length === 0) return { status: error.status, errors: [error.message] }
  if (error.issues.some(issue => issue.pointer !== undefined && nameIn(issue) !== null)) {
    const faults: Record<string, string[]> = {}
    for (const issue of error.issues) (faults[nameIn(issue) ?? 'non_field_errors'] ??= []).push(issue.detail)
    return { status: error.status, errors: [faults] }
  }
  const textOf = ({ detail, header }: Issue): string => (header === KEY ? `key: ${detail}` : detail)
  return { status: error.status, errors: error.issues.map(textOf) }
}

/** An object with all faults by field. */
function byField(issues: readonly Issue[], resource: Resource, data: unknown): Record<string, string[]> {
  const faults: Record<string, string[]> = {}
  for (const issue of issues) {
    const name = nameIn(issue)
    const text =
      name !== null
        ? fieldText(resource, name, issue, isMembers(data) ? data[name] : undefined)
        : isMembers(data)
          ? issue.detail
          : data == null
            ? 'No data provided'
            : `Invalid data. Expected a dictionary, but got ${pythonType(data)}.`
    const key = name ?? 'non_field_errors'
    ;(faults[key] ??= []).push(text)
  }
  return faults
}

/** The member of the body that an issue is about. null = the body as a whole. */
function nameIn({ pointer, parameter, header }: Issue): string | null {
  if (header === KEY) return 'key'
  if (pointer === undefined) return parameter ?? null
  const [, first] = pointer.split('/')
  return first === undefined ? null : decodeURIComponent(first).replaceAll('~1', '/').replaceAll('~0', '~')
}
