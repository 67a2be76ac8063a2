import { expect, test } from 'vitest'
import { faults, tell } from './counts.ts'
import { killAndRetry } from './idempotency.ts'

const { kills, storms } = faults.idempotency

test(`${kills} servers die between commit and answer, ${storms} as one key is sent 1,000 times at once: each key has one effect`, async () => {
  const result = await killAndRetry({ kills, storms })
  tell(result)
  const { before, keys, retries, replayed, ...tally } = result
  expect(tally).toEqual({ kills: kills + storms, missing: 0, doubled: 0, wrong: 0 })
  expect(before).toBeGreaterThan(kills / 10)
  expect(keys).toBeGreaterThan(kills)
  expect(retries).toBeGreaterThan(kills)
  expect(replayed).toBeGreaterThan(kills / 2)
})
