import { expect, test } from 'vitest'
import { liveUnderFire } from './live.ts'

/** FAULTS=full runs what a release is held to: 2,000 cuts and 100 kills. */
const { cuts, kills } = process.env['FAULTS'] === 'full' ? { cuts: 2_000, kills: 100 } : { cuts: 300, kills: 6 }

test(
  `${cuts} cut connections and ${kills} killed servers: nobody misses, doubles or reorders anything`,
  { timeout: 600_000 },
  async () => {
    const result = await liveUnderFire({ cuts, kills })
    expect(result.contradictions).toEqual([])
    expect([result.cuts, result.kills]).toEqual([cuts, kills])
    expect(result.resumed).toBeGreaterThan(cuts / 2)
    expect(result.commits).toBeGreaterThan(100)
  },
)
