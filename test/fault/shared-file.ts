// Two processes that start at the same time over one SQLite file which is not there yet. node test/fault/shared-file.ts [--starts=20]
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { callerOf, type Caller } from './call.ts'
import { start, withProgram } from './mortal.ts'

export interface Tally {
  starts: number
  /** Processes that could not start. */
  died: number
  /** Files whose first rows were not made exactly once. */
  seeded: number
  /** Jobs that did not run exactly once. */
  ran: number
}

/** Starts two processes at a time. Each has to hear what the other one writes; otherwise this never resolves. */
export async function startTogether(starts: number): Promise<Tally> {
  const tally: Tally = { starts, died: 0, seeded: 0, ran: 0 }
  await withProgram('shared-file-server', [], async (program, folder) => {
    for (let round = 0; round < starts; round++) {
      const args = [join(folder, `${round}.db`)]
      const started = await Promise.allSettled([start(program, args), start(program, args)])
      const alive = started.filter(one => one.status === 'fulfilled').map(({ value }) => value)
      tally.died += 2 - alive.length
      try {
        if (alive.length < 2) continue
        const [one, other] = alive.map(({ port }) => callerOf(port, 1)) as [OpenCaller, OpenCaller]
        if ((await countOf(one)) !== 3) tally.seeded++
        await one('POST', '/note/once', {})
        await alive[1]!.said('heard ran')
        await other('POST', '/note', { text: 'last' })
        await alive[0]!.said('heard last')
        if ((await countOf(other)) !== 5) tally.ran++
        one.close()
        other.close()
      } finally {
        await Promise.all(alive.map(server => server.kill('SIGKILL')))
      }
    }
  })
  return tally
}

type OpenCaller = ReturnType<typeof callerOf>

const countOf = async (call: Caller): Promise<number> => ((await call('GET', '/note')).body as unknown[]).length

if (import.meta.main) {
  const { values } = parseArgs({ options: { starts: { type: 'string', default: '20' } } })
  console.log(await startTogether(Number(values.starts)))
}
