import { expect, test } from 'vitest'
import { faults, tell } from './counts.ts'
import { liveUnderFire } from './live.ts'

const { cuts, kills } = faults.live

test(`${cuts} cut connections and ${kills} killed servers: no event is missed, doubled or reordered`, async () => {
  const result = await liveUnderFire({ cuts, kills })
  tell(result)
  expect(result.contradictions).toEqual([])
  expect([result.cuts, result.kills]).toEqual([cuts, kills])
  expect(result.resumed).toBeGreaterThan(cuts / 2)
  expect(result.commits).toBeGreaterThan(100)
})
