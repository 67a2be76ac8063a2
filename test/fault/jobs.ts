// SIGKILL of a server while its jobs run, and a start on what it left. `node test/fault/jobs.ts [--kills=20]`.
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { parseArgs } from 'node:util'
import { callerOf } from './call.ts'
import { start, withProgram, type Program } from './mortal.ts'

/** The result of all kills together. */
export interface Tally {
  kills: number
  /** Jobs that were accepted. */
  jobs: number
  /** How they ended. */
  succeeded: number
  interrupted: number
  /** Accepted and not there any more, or there without an end. Both must be zero. */
  lost: number
  unfinished: number
  /** Jobs that may be done once and were done more often. Must be zero. */
  doubled: number
  /** Jobs that say that they succeeded and did nothing. Must be zero. */
  idle: number
  /** Jobs that may be done again and did not succeed. Must be zero. */
  abandoned: number
}

/** Jobs that run when a server dies, half of them of each kind. */
const AT_ONCE = 100

export async function killAndResume(kills: number): Promise<Tally> {
  const tally: Tally = {
    kills: 0,
    jobs: 0,
    succeeded: 0,
    interrupted: 0,
    lost: 0,
    unfinished: 0,
    doubled: 0,
    idle: 0,
    abandoned: 0,
  }
  let started = 0
  const lane = async (program: Program, folder: string): Promise<void> => {
    for (let round = started++; round < kills; round = started++) {
      const file = join(folder, `${round}.db`)
      const notes = 1 + Math.floor(((round + 0.5) / kills) * AT_ONCE)
      const accepted = await runAndKill(program, file, notes, tally)
      const second = await start(program, [file, '0'])
      const settled = second.said('settled')
      second.stdin.write('go\n')
      await settled
      await second.kill('SIGTERM')
      count(file, accepted, tally)
    }
  }
  await withProgram('job-server', ['0'], async (program, folder) => {
    await Promise.all([lane(program, folder), lane(program, folder)])
  })
  return tally
}

interface Accepted {
  readonly id: string
  readonly action: 'once' | 'again'
}

/** Has a hundred jobs begun by a server, which kills itself after so many notes of theirs. */
async function runAndKill(program: Program, file: string, notes: number, tally: Tally): Promise<Accepted[]> {
  const server = await start(program, [file, String(notes)])
  const call = callerOf(server.port, 10)
  const begin = async (action: Accepted['action']): Promise<Accepted> => {
    const { status, body } = await call('POST', `/note/${action}`, undefined, { prefer: 'respond-async' })
    if (status !== 202) throw new Error(`a job was answered with ${status}`)
    return { id: (body as { id: string }).id, action }
  }
  const accepted = await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => begin(i % 2 === 0 ? 'once' : 'again')))
  call.close()
  server.stdin.write('go\n')
  if ((await server.ended) === 'SIGKILL') tally.kills++
  return accepted
}

function count(file: string, accepted: readonly Accepted[], tally: Tally): void {
  const db = new DatabaseSync(file, { readOnly: true })
  const jobs = new Map(
    db
      .prepare('SELECT id, status, error FROM _job')
      .all()
      .map(row => [row['id'] as string, { status: row['status'] as string, error: row['error'] as string | null }]),
  )
  const done = new Map(
    db
      .prepare('SELECT job, count(*) AS times FROM note GROUP BY job')
      .all()
      .map(row => [row['job'] as string, row['times'] as number]),
  )
  db.close()
  tally.jobs += accepted.length
  for (const { id, action } of accepted) {
    const job = jobs.get(id)
    const times = done.get(id) ?? 0
    if (!job) tally.lost++
    else if (job.status === 'succeeded') {
      tally.succeeded++
      if (times === 0) tally.idle++
    } else if (job.status === 'failed' && job.error?.includes('"error":"interrupted"')) tally.interrupted++
    else tally.unfinished++
    if (action === 'once' && times > 1) tally.doubled++
    if (action === 'again' && job?.status !== 'succeeded') tally.abandoned++
  }
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { kills: { type: 'string', default: '20' } } })
  const tally = await killAndResume(Number(values.kills))
  console.log(tally)
  const { lost, unfinished, doubled, idle, abandoned } = tally
  process.exitCode = lost + unfinished + doubled + idle + abandoned === 0 ? 0 : 1
}
