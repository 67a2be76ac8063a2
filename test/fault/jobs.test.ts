import { expect, test } from 'vitest'
import { killAndResume } from './jobs.ts'

test(
  'a server killed while 100 jobs run: each ends, none is lost, none is done twice that may not be',
  {
    timeout: 120_000,
  },
  async () => {
    const { kills, jobs, succeeded, interrupted, ...faults } = await killAndResume(2)
    expect({ kills, jobs, ended: succeeded + interrupted }).toEqual({ kills: 2, jobs: 200, ended: 200 })
    expect(interrupted).toBeGreaterThan(0)
    expect(faults).toEqual({ lost: 0, unfinished: 0, doubled: 0, idle: 0, abandoned: 0 })
  },
)
