import { expect, test } from 'vitest'
import { faults, tell } from './counts.ts'
import { killAndResume } from './jobs.ts'

const kills = faults.jobs

test(`${kills} servers killed while 100 jobs run: each job ends, none is lost, and none runs twice without permission`, async () => {
  const result = await killAndResume(kills)
  tell(result)
  const { jobs, succeeded, interrupted, ...tally } = result
  expect({ jobs, ended: succeeded + interrupted }).toEqual({ jobs: kills * 100, ended: kills * 100 })
  expect(interrupted).toBeGreaterThan(0)
  expect(tally).toEqual({ kills, lost: 0, unfinished: 0, doubled: 0, idle: 0, abandoned: 0 })
})
