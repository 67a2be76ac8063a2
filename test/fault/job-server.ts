// A server whose jobs note each time that they are done, and that kills itself after so many notes.
// `node test/fault/job-server.ts FILE NOTES`; it prints its URL, and "settled" once no job is queued or running.
import { setTimeout as sleep } from 'node:timers/promises'
import { api } from '../../src/api.ts'
import { job, type JobCall } from '../../src/model/declare/job.ts'
import { resource } from '../../src/model/declare/resource.ts'
import { t } from '../../src/schema/builder.ts'
import { serve } from '../../src/serve.ts'
import { sqlite } from '../../src/store/sqlite/index.ts'

const [, , file, notes] = process.argv as unknown as [string, string, string, string]
let left = Number(notes)
const go = Promise.withResolvers<void>()

/** The effect of a job outside: a note, written somewhere between its beginning and its end. */
async function work({ id, attempt, ctx }: JobCall): Promise<string> {
  await go.promise
  await sleep(Math.random() * 100)
  await ctx.db.post('note', { job: id, attempt })
  if (--left === 0) process.kill(process.pid, 'SIGKILL')
  await sleep(Math.random() * 30)
  return 'done'
}

const note = resource({ id: t.id(), job: t.text(), attempt: t.integer() })
  .public()
  .actions({ once: job(work), again: job(work, { retries: 5 }) })
const app = api(
  { note },
  {
    store: sqlite(file, { synchronous: 'normal' }),
    jobs: { concurrency: 200 },
    report: () => {},
    onFault: () => {},
  },
)
const { url } = await serve(app, { port: 0, report: () => {} })
console.log(url)
process.stdin.once('data', () => go.resolve())
const unfinished = { filter: { status: { $in: ['queued', 'running'] } } }
for await (const { rows } of app.live('jobs' as 'note', unfinished as never))
  if (rows.length === 0) console.log('settled')
