import { ApiError } from '../protocol/error.ts'
import { everything, type Predicate } from '../query/predicate.ts'
import type { Call } from './call.ts'

/**
 * What of the resource the caller may see: a predicate that is ANDed into every read and write.
 * Throws ApiError `unauthenticated` where an anonymous caller may do nothing (DECISIONS B12), `method_not_allowed` for
 * writes of what can only be read.
 */
export function authorize(call: Call, authenticating: boolean): Predicate {
  const { resource, operation } = call
  if (
    authenticating &&
    !call.principal &&
    !call.trusted &&
    !(resource.options.public && (operation === 'get' || operation === 'list'))
  )
    throw new ApiError('unauthenticated', { detail: `say who calls: ${resource.name} is not public` })
  if (resource.options.readOnly && operation !== 'get' && operation !== 'list')
    throw new ApiError('method_not_allowed', { detail: `${resource.name} can only be read` })
  return everything
}
