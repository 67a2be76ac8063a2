import type { AnyResource } from '../../model/declare/declaration.ts'
import type { Resource } from '../../model/model.ts'
import { resource } from '../../model/declare/resource.ts'
import { any } from '../../model/rules/rule.ts'
import { t } from '../../schema/builder.ts'

/** Name of the resource that holds jobs. Jobs are rows, so they are read, followed and deleted like all others. */
export const jobsName = 'jobs'

const table = '_job'

/** Whether a resource is the one of jobs. */
export function isJobs(resource: Resource): boolean {
  return resource.table === table
}

/**
 * Declares the resource of jobs. Only the caller who started a job sees it; if the API does not identify callers, everybody
 * does.
 */
export function jobResource(path: string | null): AnyResource {
  const declared = resource(
    {
      id: t.id('uuid'),
      /** Resource and action: `exports.create`. */
      action: t.text(),
      status: t.enum(['queued', 'running', 'succeeded', 'failed', 'cancelled']),
      /** From 0 to 1. */
      progress: t.number().nullable(),
      note: t.text().nullable(),
      result: t.json().nullable(),
      /** The URL of the result. */
      location: t.text().nullable(),
      /** A problem document. */
      error: t.json().nullable(),
      attempts: t.integer(),
      created: t.datetime(),
      started: t.datetime().nullable(),
      finished: t.datetime().nullable(),
      /** Id of the caller who started it; null = visible to everybody, false = started by the application. */
      owner: t.json().nullable().hidden().index(),
      /** The stored call: see StoredCall. */
      call: t.json().hidden(),
      /** Name of the runner that has it. */
      runner: t.text().nullable().hidden(),
      /** Milliseconds since 1970: the earliest start of the next attempt. */
      due: t.integer().nullable().hidden(),
      /** Milliseconds since 1970: when the finished job is deleted. */
      expires: t.integer().nullable().hidden().index(),
    },
    { path, title: 'Job', table, cache: 'no-store' },
  ).rules((me, job) => {
    const own = any(job.owner.is(me['id'] as never), job.owner.isNull())
    return { read: own, delete: own }
  })
  return { '~resource': { ...declared['~resource'], system: true } }
}
