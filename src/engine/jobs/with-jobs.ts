import type { Maybe } from '../../store/work.ts'
import type { Call, Outcome } from '../call.ts'
import { actionCall } from '../database.ts'
import type { Engine } from '../engine.ts'
import type { Jobs } from './jobs.ts'

/** An engine whose jobs are cancelled by deleting them, and in which jobs called `create` take the place of creating. */
export function withJobs(engine: Engine, jobs: Jobs | null): Engine {
  if (jobs === null) return engine
  return Object.create(engine, {
    handle: { value: (call: Call) => handle(engine, jobs, call), enumerable: true },
  }) as Engine
}

function handle(engine: Engine, jobs: Jobs, call: Call): Maybe<Outcome> {
  const { resource, operation, id } = call
  if (operation === 'delete' && resource === jobs.resource && id !== null) return jobs.remove(call)
  // What the application itself creates, the end of such a job among it, is created.
  if (operation === 'create' && !call.unbounded) {
    const action = resource.actions.get('create')
    if (action?.job) return engine.handle(creating(call, action))
  }
  return engine.handle(call)
}

function creating(call: Call, action: NonNullable<Call['action']>): Call {
  const { resource, principal, input, mode, credentials } = call
  const asked = actionCall({ resource, action, id: null, input, principal, ...(credentials ? { credentials } : {}) })
  return { ...asked, mode, trusted: call.trusted ?? false, ...(call.auth ? { auth: call.auth } : {}) }
}
