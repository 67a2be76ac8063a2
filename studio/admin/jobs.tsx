import type { VNode } from 'preact'
import { askJobs, cancelJob, type ListedJob } from '../server/inner.ts'
import { Badge, Button, Empty } from '../ui/controls.tsx'
import { Who } from '../ui/who.tsx'
import { complain, say } from '../ui/toast.tsx'
import { usePolled } from '../ui/use-polled.ts'
import { agoWords } from '../ui/words.ts'
import { TableHead } from '../ui/table-head.tsx'

const tones: Readonly<Record<string, string>> = {
  succeeded: 'good',
  failed: 'bad',
  running: 'accent',
  cancelled: 'warn',
}

/** The newest jobs of everybody, with their progress. */
export function Jobs(): VNode {
  const { value: jobs, again } = usePolled(askJobs, 1_000)
  if (!jobs) return <p class="muted">Loading …</p>
  if (jobs.length === 0)
    return <Empty title="No jobs">A job appears here when somebody starts it, and stays for a day.</Empty>
  const cancel = ({ id, action }: ListedJob): void => {
    cancelJob(id).then(() => {
      say(`${action} cancelled`)
      again()
    }, complain)
  }
  return (
    <div class="scroll box" tabIndex={0} role="group" aria-label="Jobs">
      <table class="jobs">
        <TableHead names={['Job', 'Status', 'Progress', 'For', 'Begun']} action="Cancel" />
        <tbody>
          {jobs.map(job => (
            <tr key={job.id}>
              <th scope="row">
                {job.action} {job.attempts > 1 && <span class="muted">attempt {job.attempts}</span>}
              </th>
              <td>
                <Badge tone={tones[job.status] ?? 'plain'}>{job.status}</Badge>
              </td>
              <td>
                <Progress job={job} />
              </td>
              <td>
                {job.owner === false ? (
                  'the application'
                ) : job.owner === null ? (
                  'anybody'
                ) : (
                  <Who id={job.owner} label={job.label} />
                )}
              </td>
              <td class="muted">
                <time dateTime={job.created}>{agoWords(Date.parse(job.created))}</time>
              </td>
              <td class="right">
                {(job.status === 'running' || job.status === 'queued') && (
                  <Button kind="danger" label={`Cancel ${job.action} ${job.id}`} onClick={() => cancel(job)}>
                    Cancel
                  </Button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Progress({ job: { status, progress, note, error } }: { readonly job: ListedJob }): VNode | null {
  if (error) return <span class="bad">{error.detail ?? error.title ?? 'failed'}</span>
  if (status !== 'running') return note ? <span class="muted">{note}</span> : null
  return (
    <>
      <progress max={1} {...(progress !== null && { value: progress })} aria-label="Progress" />{' '}
      <span class="muted">
        {[progress !== null && `${Math.round(progress * 100)} %`, note].filter(Boolean).join(', ')}
      </span>
    </>
  )
}
