import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Exchange } from '../http/exchange.ts'
import { Admission, enqueueArrival, waitingArrivals, type OverloadOptions } from './admission.ts'

/** A process whose clock and queue the test controls. */
function process(options: OverloadOptions) {
  const loop = { clock: 1_000, left: 0 }
  const admission = new Admission(options, { now: () => loop.clock, waiting: () => loop.left })
  const enter = (waited: number): boolean => {
    const isAdmitted = admission.enter(loop.clock - waited)
    if (isAdmitted) admission.leave()
    return isAdmitted
  }
  /** A turn of so many milliseconds that leaves so many requests waiting. */
  const pass = async (milliseconds: number, left: number): Promise<void> => {
    enter(0)
    loop.clock += milliseconds
    loop.left = left
    await turn()
  }
  /** Requests a millisecond apart that are not queued: how many of them one turn admitted. */
  const come = async (requests: number): Promise<number> => {
    let admitted = 0
    for (let i = 0; i < requests; i++) {
      if (!admission.enter(0)) continue
      loop.clock++
      admission.leave()
      admitted++
    }
    await turn()
    return admitted
  }
  const sleep = (milliseconds: number): void => void (loop.clock += milliseconds)
  return { admission, enter, pass, come, sleep }
}

test('a burst is served however long it waits', async () => {
  const { admission, enter, pass } = process({ delay: 10, patience: 50 })
  for (let i = 0; i < 10; i++) await pass(5, 20)
  expect(enter(300)).toBe(true)
  await pass(5, 0)
  for (let i = 0; i < 10; i++) await pass(5, 20)
  expect(enter(300)).toBe(true)
  expect(admission.refused).toBe(0)
})

test('if the queue never empties, requests that waited too long are refused', async () => {
  const { admission, enter, pass } = process({ delay: 10, patience: 50 })
  for (let i = 0; i < 12; i++) await pass(5, 20)
  expect(admission.isShedding).toBe(true)
  expect([enter(10), enter(11), enter(300), enter(0)]).toEqual([true, false, false, true])
  expect(admission.refused).toBe(2)
})

test('a queue that empties again ends it', async () => {
  const { admission, enter, pass } = process({ delay: 10, patience: 50 })
  for (let i = 0; i < 12; i++) await pass(5, 20)
  await pass(5, 0)
  expect(admission.isShedding).toBe(false)
  expect(enter(300)).toBe(true)
})

test('an overload is over when nobody asks for anything any more', async () => {
  const { admission, pass, sleep } = process({ delay: 10, patience: 50 })
  for (let i = 0; i < 12; i++) await pass(5, 20)
  sleep(900)
  expect(admission.isRefusing).toBe(true)
  sleep(200)
  expect(admission.isRefusing).toBe(false)
})

test('without a queue, the length of turns decides', async () => {
  const { admission, come } = process({ delay: 10, patience: 50 })
  for (let i = 0; i < 10; i++) expect(await come(8)).toBe(8)
  for (let i = 0; i < 3; i++) expect(await come(40)).toBe(40)
  expect(admission.isShedding).toBe(true)
  for (let i = 0; i < 5; i++) expect(await come(40)).toBe(11)
  expect(admission.refused).toBe(5 * 29)
  expect(await come(5)).toBe(5)
  expect(await come(40)).toBe(40)
})

test('requests under way are bounded', () => {
  const admission = new Admission({ inFlight: 2 })
  expect([admission.enter(0), admission.enter(0), admission.enter(0)]).toEqual([true, true, false])
  admission.leave()
  expect([admission.enter(0), admission.inFlight, admission.refused]).toEqual([true, 2, 1])
})

/** A request whose answer takes so long. */
function request(milliseconds: number, answer: () => void): Parameters<typeof enqueueArrival>[0] {
  const work = (): void => {
    for (const end = performance.now() + milliseconds; performance.now() < end;);
    answer()
  }
  return { arrived: 0, answer: work } as unknown as Exchange & { answer: () => void }
}

test('what is quick is answered in the turn in which it came, in order', async () => {
  const answered: number[] = []
  for (let i = 0; i < 20; i++) enqueueArrival(request(0, () => answered.push(i)))
  expect(answered).toEqual([])
  await turn()
  expect(answered).toEqual([...Array(20).keys()])
  expect(waitingArrivals()).toBe(0)
})

test('the event loop turns between what takes long, and what comes meanwhile waits behind it', async () => {
  const answered: string[] = []
  for (const name of ['a', 'b', 'c']) enqueueArrival(request(3, () => answered.push(name)))
  await turn()
  expect(answered).toEqual(['a'])
  expect(waitingArrivals()).toBe(2)
  enqueueArrival(request(3, () => answered.push('d')))
  const seen: number[] = []
  while (waitingArrivals() > 0) {
    await turn()
    seen.push(answered.length)
  }
  expect(answered).toEqual(['a', 'b', 'c', 'd'])
  expect(seen).toEqual([2, 3, 4])
})

test('what comes while others are answered is answered too', async () => {
  const answered: string[] = []
  enqueueArrival(
    request(0, () => {
      answered.push('first')
      enqueueArrival(request(0, () => answered.push('second')))
    }),
  )
  await turn()
  await turn()
  expect(answered).toEqual(['first', 'second'])
})

test('when it came is told', async () => {
  const before = performance.now()
  const one = request(0, () => {})
  enqueueArrival(one)
  await turn()
  expect(one.arrived).toBeGreaterThanOrEqual(before)
  expect(one.arrived).toBeLessThanOrEqual(performance.now())
})
