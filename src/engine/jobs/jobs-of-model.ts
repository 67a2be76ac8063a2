import type { AnyResource } from '../../model/declare/declaration.ts'
import { ModelError } from '../../model/link/faults.ts'
import type { Id } from '../../model/model.ts'
import { reservedPaths, type Paths } from '../../model/link/names.ts'
import { ApiError } from '../../protocol/error.ts'
import type { Principal } from '../call/call.ts'
import { jobResource, jobsName } from './job-resource.ts'
import { Jobs, type BegunJob } from './jobs.ts'
import type { JobsEnvironment } from './jobs-environment.ts'

type Resources = Readonly<Record<string, AnyResource>>

/** Starts a job by the names of its resource and action. Resolves when the job is stored, so a crash cannot lose it. */
export type RunJob = (
  name: string,
  action: string,
  input?: unknown,
  target?: { readonly id?: Id; readonly me?: Principal | null },
) => Promise<BegunJob>

/** Adds the resource of jobs to the declarations if any action is a job. Throws ModelError if its name is taken. */
export function withJobResource(resources: Resources, paths: Paths): Resources {
  const begins = Object.values(resources).some(({ '~resource': { actions = {} } }) =>
    Object.values(actions).some(action => action.job !== undefined),
  )
  if (!begins) return resources
  if (Object.hasOwn(resources, jobsName))
    throw new ModelError([
      { place: jobsName, problem: 'has the name under which jobs are kept', fix: 'give the resource another name' },
    ])
  const path = paths['jobs'] === undefined ? reservedPaths['jobs']! : paths['jobs']
  return { ...resources, [jobsName]: jobResource(path) }
}

/** The jobs of a model; null if none of its actions is a job. */
export function jobsOf(environment: JobsEnvironment): Jobs | null {
  const { model } = environment
  const actions = [...model.resources.values(), ...model.standalone.values()].flatMap(one => [...one.actions.values()])
  return actions.some(action => action.job !== null) ? new Jobs(environment) : null
}

/** Starts a job from the application's own code. Throws ApiError `unknown_op` if no action of the model is a job. */
export function runJob(
  jobs: Jobs | null,
  ...[name, action, input, target = {}]: Parameters<RunJob>
): Promise<BegunJob> {
  if (!jobs) throw new ApiError('unknown_op', { detail: `${name}.${action} is not a job` })
  return jobs.run(name, action, input, target)
}
