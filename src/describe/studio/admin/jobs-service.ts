import { appCall } from '../../../engine/call/app-call.ts'
import { isJobs, jobsName } from '../../../engine/jobs/job-resource.ts'
import { ID, type Id, type Model, type Resource, type Row } from '../../../model/model.ts'
import { everything } from '../../../query/predicate.ts'
import { wait } from '../../../store/work.ts'
import type { Service } from '../../../transport/http/endpoint.ts'
import { asksStudio, misasked, readsStudio } from '../studio-service.ts'
import type { StudioSubject } from '../studio-subject.ts'
import type { StudioOptions } from '../studio-options.ts'
import { labelsOf } from '../users.ts'

/** How many jobs are listed, the newest first. */
const LISTED = 100

/** The jobs of everybody, and cancelling them: `{ id }`. The public resource shows its callers their own only. */
export function jobServices(path: string, rules: Required<StudioOptions>, shown: StudioSubject): Service[] {
  const { model, store, engine } = shown
  const jobs = jobsOf(model)
  if (jobs === null) return []
  const sort = [{ path: ['created'], descending: true }]
  const select = { where: everything, sort, limit: LISTED, offset: 0, cursor: null }
  return [
    readsStudio(path, rules, async () => {
      const rows = await store.read(function* (snapshot) {
        return yield* wait(snapshot.select(jobs, select))
      })
      const labelFor = labelsOf(shown)
      const all: object[] = []
      for (const row of rows) {
        const job = listed(jobs, row)
        const { owner } = job
        all.push({ ...job, label: owner === null || owner === false ? '' : await labelFor(owner as Id) })
      }
      return { jobs: all }
    }),
    asksStudio(`${path}/cancel`, rules, async ({ id }) => {
      if (typeof id !== 'string') throw misasked('id', 'must be the id of a job')
      const outcome = await engine.handle(appCall(engine, { operation: 'delete', name: jobsName, id }, {}))
      if (outcome.kind === 'failure') throw outcome.error
      return { id, isRemoved: outcome.kind === 'gone' }
    }),
  ]
}

function jobsOf(model: Model): Resource | null {
  const found = model.resources.get(jobsName)
  return found && isJobs(found) ? found : null
}

/** A job without what it is called with, and with whom it belongs to. */
function listed(jobs: Resource, row: Row): Record<string, unknown> {
  const shown = jobs.columns.filter(({ hidden, name }) => !hidden || name === 'owner')
  return { id: row[ID], ...Object.fromEntries(shown.map(({ name, slot }) => [name, row[slot]])) }
}
