import { expect, test } from 'vitest'
import { killLoop } from './kill9.ts'

test(
  'a killed process loses no answered write, and leaves log and rows in agreement',
  { timeout: 60_000 },
  async () => {
    const { acknowledged, ...tally } = await killLoop({ kills: 30 })
    expect(tally).toEqual({ kills: 30, lost: 0, holes: 0, wrong: 0, torn: 0, damaged: 0 })
    expect(acknowledged).toBeGreaterThan(300)
  },
)
