import type { AnyResource } from '../../model/declare/declaration.ts'
import type { Resource } from '../../model/model.ts'
import { resource } from '../../model/declare/resource.ts'
import { any } from '../../model/rules/rule.ts'
import { t } from '../../schema/builder.ts'

/** Key of the resource in which jobs are kept, so that they are read, followed and cleared away like everything else. */
export const jobsName = 'jobs'

const table = '_job'

/** It is the resource of jobs. */
export function isJobs(resource: Resource): boolean {
  return resource.table === table
}

/** The resource of jobs. A job is its caller's alone; where nobody is told apart it is everybody's. */
export function jobResource(path: string | null): AnyResource {
  const declared = resource(
    {
      id: t.id('uuid'),
      /** `exports.create`. */
      action: t.text(),
      status: t.enum(['queued', 'running', 'succeeded', 'failed', 'cancelled']),
      /** From 0 to 1. */
      progress: t.number().nullable(),
      note: t.text().nullable(),
      result: t.json().nullable(),
      /** Where the result is. */
      location: t.text().nullable(),
      /** A problem document. */
      error: t.json().nullable(),
      attempts: t.integer(),
      created: t.datetime(),
      started: t.datetime().nullable(),
      finished: t.datetime().nullable(),
      /** Id of who began it; null = everybody, false = the application itself. */
      owner: t.json().nullable().hidden().index(),
      /** What is asked: see StoredCall. */
      call: t.json().hidden(),
      /** The process that has it. */
      runner: t.text().nullable().hidden(),
      /** Milliseconds since the epoch: not before it, and not kept after it. */
      due: t.integer().nullable().hidden(),
      expires: t.integer().nullable().hidden().index(),
    },
    { path, title: 'Job', table, cache: 'no-store' },
  ).rules((me, job) => {
    const own = any(job.owner.is(me['id'] as never), job.owner.isNull())
    return { read: own, delete: own }
  })
  return { '~resource': { ...declared['~resource'], system: true } }
}
