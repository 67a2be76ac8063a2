import type { Issue } from '../../protocol/error.ts'
import type { Field, Resource } from '../../model/model.ts'
import type { Refused } from '../../schema/read/refused.ts'

/** The issue for a body that tries to set the bytes of a file; it says where to send them. */
export function asFile(field: Field, at: string): Issue {
  const { owner, name } = field
  const path = `${owner.url}/{${owner.id.name}}/${name}`
  const detail = `${name} is a file: PUT its bytes to ${path}, or send them as multipart/form-data; null takes it away`
  return { code: 'read_only', pointer: at, detail }
}

/** The issue for a body that sets what only the server sets. */
export function readOnlyIssue(field: Field, at: string): Issue {
  return { code: 'read_only', pointer: at, detail: `${field.name} is set by the server; leave it out` }
}

/** The issue for a member that the resource does not have, or does not show. */
export function unknownField(resource: Resource, at: string): Issue {
  return { code: 'unknown_field', pointer: at, detail: `${resource.name} has no field of this name` }
}

/** Notes why a value was refused; gives null, which stands for no value. */
export function addRefusal(refused: Refused, at: string, issues: Issue[]): null {
  issues.push({ code: refused.code, pointer: at + refused.at, detail: refused.detail })
  return null
}
