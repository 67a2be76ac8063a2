import type { Code } from '../../protocol/codes.ts'
import { ApiError, type Problem } from '../../protocol/error.ts'
import type { Ending } from './attempt.ts'
import type { JobRecord } from './job-rows.ts'

/** The end of a job as its row tells it, for a node that did not run it; null = it has not ended. */
export function endingOf(job: JobRecord | null): Ending | null {
  switch (job?.status) {
    case 'queued':
    case 'running':
      return null
    case 'succeeded': {
      const { result: value, location } = job
      return location === null
        ? { kind: 'succeeded', value, status: 200, headers: {} }
        : { kind: 'succeeded', value, status: 201, headers: { location } }
    }
    case 'failed':
      return { kind: 'failed', error: errorOf(job.error as unknown as Problem) }
    case 'cancelled':
    case undefined:
      return { kind: 'cancelled' }
  }
}

function errorOf({ type, status, detail, error, errors }: Problem): ApiError {
  const code = type.slice(type.lastIndexOf('/') + 1) as Code
  return new ApiError(code, { status, detail, error, ...(errors && { issues: errors }) })
}
