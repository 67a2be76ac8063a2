import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { enqueueArrival, waitingArrivals } from './arrival-queue.ts'
import type { Exchange } from '../exchange.ts'

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
