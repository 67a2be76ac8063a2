import { expect, test } from 'vitest'
import { faults, tell } from './counts.ts'
import { killLoop } from './kill9.ts'

const kills = faults.kill9

test(`${kills} killed servers lose no answered write, and leave log and rows in agreement`, async () => {
  const result = await killLoop({ kills })
  tell(result)
  const { acknowledged, ...tally } = result
  expect(tally).toEqual({ kills, lost: 0, holes: 0, wrong: 0, torn: 0, damaged: 0 })
  expect(acknowledged).toBeGreaterThan(kills * 2)
})
