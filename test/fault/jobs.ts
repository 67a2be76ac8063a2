// SIGKILL of a server while its jobs run, and a start on what it left. `npm run fault:jobs -- --kills=20`.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { parseArgs } from 'node:util'

/** What all kills together showed. */
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
  for (let round = 0; round < kills; round++) {
    const folder = mkdtempSync(join(tmpdir(), 'restuary-jobs-'))
    const file = join(folder, 'jobs.db')
    try {
      const first = await start(file, 1 + Math.floor(((round + 0.5) / kills) * AT_ONCE), folder)
      const accepted = await Promise.all(
        Array.from({ length: AT_ONCE }, (_, i) => begin(first.url, i % 2 === 0 ? 'once' : 'again')),
      )
      first.child.stdin.write('go\n')
      const [, signal] = await first.ended
      if (signal === 'SIGKILL') tally.kills++
      const second = await start(file, 0, folder)
      second.child.stdin.write('go\n')
      await second.settled
      second.child.kill('SIGTERM')
      await second.ended
      count(file, accepted, tally)
    } finally {
      rmSync(folder, { recursive: true, maxRetries: 3 })
    }
  }
  return tally
}

interface Started {
  readonly url: string
  readonly child: ReturnType<typeof spawnServer>
  /** Its jobs have all come to an end. */
  readonly settled: Promise<unknown>
  readonly ended: Promise<[number | null, NodeJS.Signals | null]>
}

function spawnServer(file: string, notes: number, folder: string) {
  return spawn(process.execPath, [join(import.meta.dirname, 'job-server.ts'), file, String(notes)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, NODE_COMPILE_CACHE: join(folder, 'cache') },
  })
}

async function start(file: string, notes: number, folder: string): Promise<Started> {
  const child = spawnServer(file, notes, folder)
  const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  const lines = createInterface(child.stdout)
  const settled = new Promise(resolve => lines.on('line', line => line === 'settled' && resolve(null)))
  const [url] = (await once(lines, 'line')) as [string]
  return { url, child, settled, ended }
}

async function begin(url: string, action: 'once' | 'again'): Promise<{ id: string; action: string }> {
  const response = await fetch(`${url}/note/${action}`, { method: 'POST', headers: { prefer: 'respond-async' } })
  if (response.status !== 202) throw new Error(`a job was answered with ${response.status}`)
  const { id } = (await response.json()) as { id: string }
  return { id, action }
}

function count(file: string, accepted: readonly { id: string; action: string }[], tally: Tally): void {
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
