import { expect, test } from 'vitest'
import { killAndRetry } from './idempotency.ts'

test(
  'a server that dies between commit and answer does each write once, whose key is sent until it is answered',
  { timeout: 60_000 },
  async () => {
    const { keys, retries, replayed, ...tally } = await killAndRetry(5)
    expect(tally).toEqual({ kills: 5, missing: 0, doubled: 0, wrong: 0 })
    expect(keys).toBeGreaterThan(12)
    expect(retries).toBeGreaterThan(5)
    expect(replayed).toBeGreaterThan(0)
  },
)
