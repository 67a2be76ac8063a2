import type { Id, Resource } from '../../model/model.ts'
import { readId } from '../../transport/http/routes.ts'
import { misasked } from './studio-service.ts'

/** The ids that a question is about. Throws ApiError `validation` if they are none of the resource, or too many. */
export function idsOf(resource: Resource, given: unknown, most: number): Id[] {
  if (!Array.isArray(given) || given.length > most) throw misasked('ids', `must be a list of at most ${most} ids`)
  return given.map((one: unknown) => {
    const id = typeof one === 'string' || typeof one === 'number' ? readId(resource.idType, String(one)) : null
    if (id === null) throw misasked('ids', `${JSON.stringify(one)} is no id of ${resource.name}`)
    return id
  })
}
