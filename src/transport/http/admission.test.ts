import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Admission, type OverloadOptions } from './admission.ts'

/** Turns whose length is told: how many of so many requests, a millisecond apart, were admitted in each. */
function crowd(options: OverloadOptions) {
  const clock = { now: 1_000 }
  const admission = new Admission(options, () => clock.now)
  const come = async (requests: number, each: number): Promise<number> => {
    let admitted = 0
    for (let i = 0; i < requests; i++) {
      if (!admission.enter()) continue
      clock.now += each
      admission.leave()
      admitted++
    }
    await turn()
    return admitted
  }
  return { admission, come }
}

test('short turns and bursts are served whole', async () => {
  const { admission, come } = crowd({ delay: 10, patience: 50 })
  for (let i = 0; i < 10; i++) expect(await come(8, 1)).toBe(8)
  expect(await come(40, 1)).toBe(40)
  expect(await come(8, 1)).toBe(8)
  expect(admission.refused).toBe(0)
})

test('while turns stay long, each serves what fits and refuses the rest', async () => {
  const { admission, come } = crowd({ delay: 10, patience: 50 })
  for (let i = 0; i < 3; i++) expect(await come(40, 1)).toBe(40)
  expect(admission.isShedding).toBe(true)
  for (let i = 0; i < 5; i++) expect(await come(40, 1)).toBe(11)
  expect(admission.refused).toBe(5 * 29)
})

test('a turn that is short again ends it', async () => {
  const { admission, come } = crowd({ delay: 10, patience: 50 })
  for (let i = 0; i < 4; i++) await come(40, 1)
  expect(await come(5, 1)).toBe(5)
  expect(admission.isShedding).toBe(false)
  expect(await come(40, 1)).toBe(40)
})

test('requests under way are bounded', () => {
  const admission = new Admission({ inFlight: 2 })
  expect([admission.enter(), admission.enter(), admission.enter()]).toEqual([true, true, false])
  admission.leave()
  expect([admission.enter(), admission.inFlight, admission.refused]).toEqual([true, 2, 1])
})
