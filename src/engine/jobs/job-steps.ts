import type { Action } from '../../model/model.ts'
import type { Call } from '../call/call.ts'
import { actionCall } from '../call/database.ts'
import type { PipelineStep } from '../call/invocation.ts'
import type { Jobs } from './jobs.ts'

/**
 * The step `redirect`: if a resource has a job called `create`, a client's create starts that job instead of creating the row.
 */
export const redirecting: PipelineStep = (invocation, next) => {
  const { call } = invocation
  if (call.operation === 'create') {
    const action = call.resource.actions.get('create')
    if (action?.job) invocation.call = beginning(call, action)
  }
  return next(invocation)
}

function beginning(call: Call, action: Action): Call {
  const { resource, principal, input, mode, credentials, address, auth, trusted = false, idempotencyKey = null } = call
  const asked = actionCall({ resource, action, id: null, input, principal, ...(credentials && { credentials }) })
  return { ...asked, mode, trusted, address, idempotencyKey, ...(auth && { auth }) }
}

/** The step `cancel`: deleting a job that is not finished cancels it. */
export function cancelling(jobs: Jobs): PipelineStep {
  return (invocation, next) => {
    const { operation, resource, id } = invocation.call
    if (operation !== 'delete' || resource !== jobs.resource || id === null) return next(invocation)
    return jobs.remove(invocation, next)
  }
}
